use proptest::prelude::*;

use super::*;
use crate::alerts::{Labels, Matcher, Operator, Severity};

fn berlin() -> Zone {
    Zone::named("Europe/Berlin").expect("a zone")
}

fn read(text: &str) -> Wish {
    Wish::parse(text, &berlin()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_people_type_has_one_canonical_form() {
    let read: Vec<String> = [
        r#"severity>=warning job=~"node.*" except instance="pi4""#,
        r#"except instance="pi4" severity>=warning job=~"node.*""#,
        r#"{severity="critical", job=~"a{2}"} quiet 22:00-07:00"#,
        "everything",
        "all alerts",
        "alle Alarme",
        "{}",
        "critical alerts",
        "warnings and worse",
        "kritische Alarme von pi4 und pi5",
        "errors, warnings",
        "HighLoad on pi4",
        "HighLoad or pi4",
        "HighLoad and NodeDown",
        "pi4, pi5 and nas.lan",
        "jellyfin on pi4 and on pi5",
        "“my host”",
        "10.0.0.5",
        "Watchdog",
        "everything except pi4 and pi5",
        "everything except info",
        "alles außer Warnungen",
        "alles ohne HighLoad auf pi4, nicht backup",
        "severity>=warning quiet 22:00-07:00 unless critical",
        "severity>=warning quiet 22-7 America/New_York unless severity>=error",
        "critical quiet from 10 pm to 7am (UTC) except for critical",
        "abonniert=ja ruhe 22:00–07:00 Europe/Berlin außer bei kritisch sammeln um 08:00",
        "nur kritische, Ruhe von 22 Uhr bis 7 Uhr, außer jellyfin",
        "unless critical quiet 23:30-6:15 critical",
        "everything digest 08:00",
        "alles täglich um 8 Uhr",
        "all daily digest at 6pm local repeat every 2 hours mention me",
        "critical wiederhole alle 90m",
        "critical repeat never",
        "critical wiederholen nie erwähne mich",
        "quiet 22-7 jellyfin",
        "except pi4 quiet 22-7 jellyfin",
        "Please tell me about the NAS.",
    ]
    .map(|text| {
        let wish = read(text);
        assert_eq!(Wish::parse(&wish.to_string(), &Zone::named("UTC").unwrap()), Ok(wish.clone()), "{text}");
        format!("{text}\n    {wish}").replace(Zone::system().name(), "SYSTEM")
    })
    .to_vec();
    insta::assert_snapshot!(read.join("\n"));
}

#[test]
fn errors_say_where_and_what_to_write_instead() {
    let told: Vec<String> = [
        "",
        "alerts",
        "quiet 22:00-07:00",
        "critical quiet",
        "critical quiet 22:00",
        "critical quiet 22:00-25:00",
        "critical quiet tomorrow",
        "critical quiet 22:00-22:00",
        "critical quiet 22:00-07:00 Europe/Bielefeld",
        "critical quiet 22-7 quiet 23-6",
        "critical quiet 22-7 unless pi4",
        "critical quiet 22-7 unless",
        "critical unless critical",
        "critical 22:00-07:00",
        "critical digest",
        "critical digest soon",
        "critical digest 8-9",
        "critical repeat",
        "critical repeat 5",
        "critical repeat 10s",
        "critical repeat 2y",
        "critical except",
        "critical except everything",
        "critical job==x",
        "ünterwegs {job=\"x\" y}",
        "critical $%&",
    ]
    .map(|text| format!("{text:?}  →  {}", Wish::parse(text, &berlin()).expect_err(text)))
    .to_vec();
    insta::assert_snapshot!(told.join("\n"));
    assert!(Wish::parse(&"a ".repeat(3_000), &berlin()).is_err());
}

#[test]
fn a_name_finds_the_host_and_what_runs_on_it() {
    let labels = |pairs: &[(&str, &str)]| -> Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let wish = read("jellyfin on pi4 or pi5");
    assert!(wish.matchers.matches(&labels(&[("service", "jellyfin"), ("instance", "pi5:9100")])));
    assert!(!wish.matchers.matches(&labels(&[("service", "jellyfin"), ("instance", "pi6:9100")])));
    assert!(!wish.matchers.matches(&labels(&[("instance", "pi4:9100")])));
}

#[test]
fn it_is_stored_as_its_text() {
    let wish = read("critical quiet 22-7");
    let json = serde_json::to_string(&wish).unwrap();
    assert_eq!(json, r#""severity>=critical quiet 22:00-07:00 Europe/Berlin""#);
    assert_eq!(serde_json::from_str::<Wish>(&json).unwrap(), wish);
    assert!(serde_json::from_str::<Wish>(r#""critical quiet""#).is_err());
}

fn matchers() -> impl Strategy<Value = Matchers> {
    let operator = prop_oneof![Just(Operator::Equal), Just(Operator::NotEqual)];
    let one = ("quiet|except|about|job|digest|a", operator, ".{0,6}");
    let one = one.prop_map(|(name, operator, value)| Matcher::new(&name, operator, &value).unwrap());
    proptest::collection::vec(one, 1..3).prop_map(Matchers::from)
}

fn wishes() -> impl Strategy<Value = Wish> {
    let time = || (0_i8..24, 0_i8..60).prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0));
    let zone = || {
        let names =
            vec!["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT", "local"];
        proptest::sample::select(names).prop_filter_map("a zone", Zone::named)
    };
    let severity = proptest::sample::select(vec!["info", "warning", "crit", "page", "alert", "ok", "high"]);
    let unless = proptest::option::of(severity.prop_map(|word| Severity::of(Some(word))));
    let quiet = (time(), time(), zone(), unless)
        .prop_map(|(from, until, zone, unless)| Quiet::new(from, until, zone, unless));
    let digest = proptest::option::of((time(), zone()).prop_map(|(at, zone)| Digest::new(at, zone)));
    let repeat = proptest::option::of(prop_oneof![Just(0), (60_i64..2_592_000).prop_map(|s| s * 1_000)]);
    let except = proptest::collection::vec(matchers(), 0..3);
    let any = prop_oneof![matchers(), Just(Matchers::default())];
    (any, except, quiet, digest, repeat, any_bool()).prop_map(
        |(matchers, except, quiet, digest, repeat, mention)| Wish {
            matchers,
            except,
            quiet,
            digest,
            repeat,
            mention,
        },
    )
}

fn any_bool() -> impl Strategy<Value = bool> {
    proptest::bool::ANY
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(wish in wishes()) {
        prop_assert_eq!(Wish::parse(&wish.to_string(), &berlin()), Ok(wish));
    }

    #[test]
    fn nothing_that_is_typed_breaks_it(
        words in proptest::collection::vec(
            prop_oneof![
                "[a-zA-Zä0-9:=\"“{}\\\\,.-]{0,8}",
                proptest::sample::select(vec!["quiet", "22:00-07:00", "except", "unless", "critical", "digest", "8", "pm",
                    "repeat", "2h", "on", "and", "pi4", "HighLoad", "job=x", "UTC", "everything", "außer", "bei"])
                    .prop_map(str::to_owned),
            ],
            0..12,
        ),
    ) {
        let text = words.join(" ");
        if let Ok(wish) = Wish::parse(&text, &berlin()) {
            prop_assert_eq!(Wish::parse(&wish.to_string(), &berlin()), Ok(wish));
        }
    }
}
