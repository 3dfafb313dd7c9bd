use proptest::prelude::*;

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(text: &str) -> Matchers {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn text_has_one_canonical_form() {
    for (text, canonical) in [
        ("", "{}"),
        ("{}", "{}"),
        ("job=node", r#"job="node""#),
        (r#"{job=~"node.*", instance!="pi4",}"#, r#"job=~"node.*" instance!="pi4""#),
        ("job = node severity >= Warning", r#"job="node" severity>=warning"#),
        ("severity≥critical,job≠x", r#"severity>=critical job!="x""#),
        ("job=“node exporter” host=„pi4“", r#"job="node exporter" host="pi4""#),
        (r#"a="say \"hi\", \\ \n \d""#, r#"a="say \"hi\", \\ \n \\d""#),
        (r"a=~pi\d+", r#"a=~"pi\\d+""#),
        ("a=,b=x=y", r#"a="" b="x=y""#),
        ("{a=~x{2}}", r#"a=~"x{2}""#),
        ("about=pi4", r#"about="pi4""#),
        ("a=\u{a0}b", r#"a="b""#),
    ] {
        assert_eq!(read(text).to_string(), canonical, "{text}");
        assert_eq!(read(canonical), read(text), "{text}");
    }
}

#[test]
fn errors_say_where_and_what_to_write_instead() {
    let told: Vec<String> = [
        "=x",
        "job",
        "job-name=x",
        "job==x",
        "severity=>warning",
        "job=\"x",
        "job=x\"y",
        "ä=1",
        "job=\"x\"y",
        "job= severity=critical",
        "job>=3",
        "severity>=bad",
        "job=~(",
        "job=~(a{999}){999}",
        "job=~(?=x)",
        r"x=1 job=~\y",
    ]
    .map(|text| format!("{text}  →  {}", text.parse::<Matchers>().expect_err(text)))
    .to_vec();
    insta::assert_snapshot!(told.join("\n"));
    assert!("a".repeat(5_000).parse::<Matchers>().is_err());
}

#[test]
fn a_missing_label_is_empty() {
    let none = Labels::new();
    assert!(read("a=\"\"").matches(&none) && read("a!=x").matches(&none) && read("a=~.*").matches(&none));
    assert!(!read("a!=\"\"").matches(&none) && !read("a=~.+").matches(&none));
}

#[test]
fn severities_are_compared_by_their_place() {
    let critical = labels(&[("severity", "Page")]);
    assert!(read("severity>=critical").matches(&critical) && read("severity>warning").matches(&critical));
    assert!(!read("severity<critical").matches(&critical));
    assert!(read("severity>=warning").matches(&labels(&[("severity", "odd")])));
    assert!(read("severity<=warning severity>=warning").matches(&Labels::new()));
    assert!(!read("severity>warning").matches(&Labels::new()));
}

#[test]
fn about_finds_whatever_names_a_host_or_service() {
    for found in [
        [("instance", "pi4:9100")],
        [("instance", "PI4")],
        [("exported_instance", "pi4:1")],
        [("container", "pi4")],
        [("alertname", "Pi4")],
    ] {
        assert!(read("about=pi4").matches(&labels(&found)), "{found:?}");
        assert!(read("about=~pi[45]").matches(&labels(&found)), "{found:?}");
        assert!(!read("about!=pi4").matches(&labels(&found)), "{found:?}");
    }
    for other in [[("instance", "pi40:9100")], [("team", "pi4")], [("job", "pi4:9100")]] {
        assert!(!read("about=pi4").matches(&labels(&other)), "{other:?}");
    }
}

#[test]
fn expressions_mean_what_they_mean_in_go() {
    for (pattern, value, expected) in [
        (r"\d+", "٣", false),
        (r"\w", "ä", false),
        (r"\W", "ä", true),
        (r"[\d-]+", "1-2", true),
        (r"[^\d]", "٣", true),
        (r"a{", "a{", true),
        (r"a{,2}", "a{,2}", true),
        (r"a{2}", "aa", true),
        (r"[a[]+", "a[", true),
        (r"[a&&b]+", "a&b", true),
        (r"[]a]+", "]a", true),
        (r"[a~~b]+", "~", true),
        (r"[+--]+", ",", true),
        (r"[[:alpha:]]+", "ab", true),
        (r"\Qa.b\E+", "a.bb", true),
        (r"\Qa.b", "axb", false),
        (r"\<a", "<a", true),
        (r"a.b", "a\nb", false),
        (r"(?s)a.b", "a\nb", true),
        (r"(?i)NODE", "node", true),
        (r"\pL+", "äb", true),
        (r"\x41\x{42}", "AB", true),
        (r"a)|(b", "ax", true),
        (r"x\b.*", "x-", true),
        (r"a\Bb", "ab", true),
        ("node", "node-1", false),
    ] {
        let regex = pattern::compile(pattern, false).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        assert_eq!(regex.is_match(value), expected, "{pattern} on {value}");
    }
}

#[test]
fn alertmanager_is_told_in_its_own_terms() {
    let told = read("job=~a.* severity>=warning severity<critical x!=y z!~w").alertmanager().unwrap();
    insta::assert_debug_snapshot!(told);
    assert_eq!(read("about=pi4").alertmanager(), Err(Untranslatable::About));
    assert_eq!(read("severity>=warning").alertmanager(), Err(Untranslatable::Everything));
    assert_eq!(read("").alertmanager(), Err(Untranslatable::Everything));
    let exact = labels(&[("a", "x\"y"), ("b", "")]);
    assert!(Matchers::exactly(&exact).matches(&exact));
    assert_eq!(Matchers::exactly(&exact).alertmanager().unwrap().len(), 2);
}

fn any_matcher() -> impl Strategy<Value = Matcher> {
    let plain =
        ("[a-z_][a-z0-9_]{0,5}", prop_oneof![Just(Operator::Equal), Just(Operator::NotEqual)], ".{0,8}");
    let regex = (
        "[a-z]{1,4}",
        prop_oneof![Just(Operator::Regex), Just(Operator::NotRegex)],
        r"[a-c.*|\[\]{}0-3,]{0,6}",
    );
    let order = prop_oneof![
        Just(Operator::AtLeast),
        Just(Operator::Above),
        Just(Operator::AtMost),
        Just(Operator::Below)
    ];
    let word = prop_oneof!["info", "warning", "error", "critical", "kritisch"];
    prop_oneof![
        plain.prop_map(|(name, operator, value)| Matcher::new(&name, operator, &value)),
        regex.prop_map(|(name, operator, value)| Matcher::new(&name, operator, &value)),
        (order, word).prop_map(|(operator, value)| Matcher::new("severity", operator, &value)),
    ]
    .prop_filter_map("no expression", Result::ok)
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(all in proptest::collection::vec(any_matcher(), 0..5)) {
        let matchers = Matchers::from(all);
        prop_assert_eq!(&read(&matchers.to_string()), &matchers);
        let json = serde_json::to_string(&matchers).unwrap();
        prop_assert_eq!(serde_json::from_str::<Matchers>(&json).unwrap(), matchers);
    }

    #[test]
    fn nothing_that_is_typed_breaks_it(text in r#"[a-c =!~<>"“\\{},\[\]()ä0-9|*+?^$-]{0,40}"#) {
        if let Ok(matchers) = text.parse::<Matchers>() {
            prop_assert_eq!(read(&matchers.to_string()), matchers);
        }
    }

    #[test]
    fn a_severity_order_means_the_same_to_alertmanager(
        matcher in any_matcher().prop_filter("an order", |matcher| matcher.operator().compares()),
        label in prop_oneof!["[a-z]{0,4}", "info|low|warning|WARN|Error|high| critical |p1|none|kritisch"],
    ) {
        let (_, value, is_regex, is_equal) = matcher.alertmanager().unwrap();
        prop_assert!(is_regex);
        let there = pattern::compile(&value, false).unwrap().is_match(&label) == is_equal;
        prop_assert_eq!(matcher.matches(&labels(&[("severity", &label)])), there);
    }
}
