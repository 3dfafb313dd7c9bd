//! A wrong `[model]`: what is wrong, where, and what to write instead; and nothing leaves the machine by mistake.

use ralf::config::Config;
use ralf_intents::Class;

use crate::config::{GOOD, file, said, with};

#[test]
fn each_wrong_field_of_the_models_is_named_too() {
    const OLLAMA: &str = "provider = \"ollama\"\nname = \"tiny\"";
    const GPU: &str = "provider = \"openai\"\nname = \"tiny\"\nurl = \"http://gpu-box:8000\"";
    let fallback = |keys: &str| format!("{OLLAMA}\n\n[[model.fallbacks]]\n{keys}");
    // What stands in `[model]`, where, and words that must be said.
    let cases: &[(String, &str, &[&str])] = &[
        (
            GPU.into(),
            "13: `model.may_see`",
            &["gpu-box is another machine", "unless you say what", "[\"talk\"]"],
        ),
        (format!("{GPU}\nmay_see = []"), "17: `model.may_see`", &["see nothing", "\"lab\""]),
        (format!("{GPU}\nmay_see = [\"all\"]"), "17: `model.may_see.0`", &["talk", "logs"]),
        (
            format!("{GPU}\nmay_see = [\"lab\"]\nembedding_name = \"e5\""),
            "17: `model.may_see`",
            &["lacks \"talk\"", "never be asked"],
        ),
        (
            "provider = \"ollama\"\nname = \"gpt-oss:120b-cloud\"".into(),
            "13: `model.may_see`",
            &["hands the work of `gpt-oss:120b-cloud` on"],
        ),
        (
            "provider = \"openai\"\nname = \"glm:cloud\"".into(),
            "13: `model.may_see`",
            &["hands the work of `glm:cloud` on"],
        ),
        (
            format!("{OLLAMA}\nembedding_name = \"e5-cloud\""),
            "13: `model.may_see`",
            &["hands the work of `e5-cloud` on"],
        ),
        ("name = \"tiny\"".into(), "13: `model.provider`", &["is missing", "`none`"]),
        ("may_see = [\"talk\"]".into(), "13: `model.provider`", &["is missing"]),
        (
            format!(
                "{OLLAMA}\nembedding_name = \"e5\"\n[[model.fallbacks]]\n{OLLAMA}\nembedding_name = \"bge\""
            ),
            "20: `model.fallbacks.0.embedding_name`",
            &["`bge`", "`e5`"],
        ),
        (format!("{OLLAMA}\nurl = \"ftp://127.0.0.1\""), "16: `model.url`", &["http://"]),
        (format!("{OLLAMA}\nurl = \"http://me:pw@127.0.0.1\""), "16: `model.url`", &["token_file"]),
        (format!("{OLLAMA}\nrest = \"0s\""), "16: `model.rest`", &["30s"]),
        (format!("{OLLAMA}\ntokens_per_day = 0"), "16: `model.tokens_per_day`", &["leave it out"]),
        (format!("{OLLAMA}\ntoken = \"changeme\""), "16: `model.token`", &["random"]),
        (format!("{OLLAMA}\ntoken_file = \"key\""), "16: `model.token_file`", &["can't be read"]),
        (fallback("name = \"tiny\""), "17: `model.fallbacks.0.provider`", &["ollama", "openai"]),
        (fallback(GPU), "17: `model.fallbacks.0.may_see`", &["gpu-box is another machine"]),
        (fallback("provider = \"ollama\""), "17: `model.fallbacks.0.name`", &["missing"]),
        (fallback(&format!("{OLLAMA}\ntimeout = \"0s\"")), "20: `model.fallbacks.0.timeout`", &["30s"]),
        (
            fallback(&format!("{OLLAMA}\n[[model.fallbacks.fallbacks]]\n{OLLAMA}")),
            "`model.fallbacks.0.fallbacks`",
            &["one after another"],
        ),
        (
            format!("provider = \"none\"\n[[model.fallbacks]]\n{OLLAMA}"),
            "14: `model.provider`",
            &["fallbacks"],
        ),
    ];
    let mut wrong = Vec::new();
    for (keys, place, words) in cases {
        let said = said(&with("provider = \"none\"", keys), &[]);
        if !said.contains(&format!("ralf.toml:{place}")) && !said.contains(&format!(": {place}"))
            || words.iter().any(|word| !said.contains(word))
        {
            wrong.push(format!("{keys}\n  wants {place} … {words:?}\n  says  {said}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_of_a_lab_leaves_its_machine_unless_that_was_said() {
    let load = |keys: &str| {
        let file =
            file(&with("provider = \"none\"", &format!("provider = \"openai\"\nname = \"x\"\n{keys}")));
        Config::load_with(&file.path, []).map(|config| config.model)
    };
    for here in ["127.0.0.1", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST"] {
        let model = load(&format!("url = \"http://{here}:8000\"")).expect(here);
        assert!(model.lets_see(Class::Talk) && model.lets_see(Class::Logs), "{here}");
    }
    for there in
        ["10.0.0.7", "0.0.0.0", "[::]", "[fe80::1]", "localhost.example.org", "127.0.0.1.nip.io", "128.0.0.1"]
    {
        assert!(load(&format!("url = \"http://{there}:8000\"")).is_err(), "{there}");
        let said = load(&format!("url = \"http://{there}:8000\"\nmay_see = [\"talk\"]")).expect(there);
        assert!(said.lets_see(Class::Talk) && !said.lets_see(Class::Lab), "{there}");
    }
}

#[test]
fn models_can_come_from_the_environment_and_their_tokens_are_secret() {
    let file = file(GOOD);
    let fallback = r#"[{provider = "openai", name = "b", url = "https://b.example", token = "Sk-fallback-1234", may_see = ["talk"]}]"#;
    let environment = [
        ("RALF_MODEL__PROVIDER", "ollama"),
        ("RALF_MODEL__NAME", "a"),
        ("RALF_MODEL__TOKEN", "Sk-first-5678"),
        ("RALF_MODEL__TOKENS_PER_DAY", "200000"),
        ("RALF_MODEL__FALLBACKS", fallback),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load_with(&file.path, environment).expect("it is right");
    let names: Vec<&str> = config.model.servers().map(|server| server.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(config.model.tokens_per_day, Some(200_000));
    let secret = config.confidential();
    assert!(["Sk-first-5678", "Sk-fallback-1234"].iter().all(|token| secret.iter().any(|s| s == token)));
    assert!(!format!("{:?}", config.model).contains("Sk-"), "it is printed");
}
