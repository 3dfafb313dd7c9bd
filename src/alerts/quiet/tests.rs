use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::alerts::Labels;
use crate::config::Alerts;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const ZONES: [&str; 4] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];

fn zone(name: &str) -> Zone {
    Zone::named(name).expect("a zone")
}

fn quiet(from: &str, until: &str, name: &str) -> Quiet {
    Quiet::new(clock(from).unwrap(), clock(until).unwrap(), zone(name), None).expect("two times")
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("a time").as_millisecond()
}

#[test]
fn times_are_read_as_people_write_them() {
    for (text, expected) in [
        ("22", Some((22, 0))),
        ("22:30", Some((22, 30))),
        ("7.05", Some((7, 5))),
        ("24:00", Some((0, 0))),
        ("12am", Some((0, 0))),
        ("12pm", Some((12, 0))),
        ("7:30PM", Some((19, 30))),
        ("7h", Some((7, 0))),
        ("25", None),
        ("24:01", None),
        ("13pm", None),
        ("0am", None),
        ("7:60", None),
        ("7:", None),
        ("", None),
        ("+7", None),
        ("é", None),
    ] {
        let time = clock(text).map(|time| (time.hour(), time.minute()));
        assert_eq!(time, expected, "{text}");
    }
}

#[test]
fn a_night_goes_over_midnight() {
    let night = quiet("22:00", "07:00", "Europe/Berlin");
    assert!(night.holds(at("2026-01-10T21:00:00Z")) && night.holds(at("2026-01-11T05:59:59Z")));
    assert!(!night.holds(at("2026-01-10T20:59:59Z")) && !night.holds(at("2026-01-11T06:00:00Z")));
    assert_eq!(night.ends_after(at("2026-01-10T23:00:00Z")), at("2026-01-11T06:00:00Z"));
    assert_eq!(night.ends_after(at("2026-01-11T06:00:00Z")), at("2026-01-12T06:00:00Z"));
    // The night on which the clock is put forward is an hour shorter.
    assert_eq!(night.ends_after(at("2026-03-28T23:00:00Z")), at("2026-03-29T05:00:00Z"));
}

#[test]
fn an_hour_that_does_not_happen_is_not_quiet_and_one_that_happens_twice_is_so_twice() {
    let hour = quiet("02:15", "02:45", "Europe/Berlin");
    assert_eq!(hour.ends_after(at("2026-03-28T12:00:00Z")), at("2026-03-30T00:45:00Z"));
    assert_eq!(hour.ends_after(at("2026-10-24T22:00:00Z")), at("2026-10-25T00:45:00Z"));
    assert_eq!(hour.ends_after(at("2026-10-25T00:45:00Z")), at("2026-10-25T01:45:00Z"));
    // 02:30 is left out, so the clock jumps out of the quiet hours.
    let before = quiet("01:00", "02:30", "Europe/Berlin");
    assert_eq!(before.ends_after(at("2026-03-29T00:30:00Z")), at("2026-03-29T01:00:00Z"));
}

#[test]
fn a_digest_at_a_time_that_does_not_happen_comes_after_the_gap() {
    let digest = Digest::new(clock("02:30").unwrap(), zone("Europe/Berlin"));
    assert_eq!(digest.next_after(at("2026-03-28T12:00:00Z")), at("2026-03-29T01:30:00Z"));
    assert_eq!(digest.next_after(at("2026-10-24T12:00:00Z")), at("2026-10-25T00:30:00Z"));
    assert_eq!(digest.next_after(at("2026-10-25T00:30:00Z")), at("2026-10-26T01:30:00Z"));
}

#[test]
fn weeks_have_windows() {
    let berlin = || zone("Europe/Berlin");
    let sunday = Weekly::parse("so 02:00-04:00", berlin()).unwrap();
    assert!(sunday.holds(at("2026-01-11T01:00:00Z")) && !sunday.holds(at("2026-01-12T01:00:00Z")));
    assert_eq!(sunday.ends_after(at("2026-01-11T01:00:00Z")), at("2026-01-11T03:00:00Z"));
    assert_eq!(sunday.ends_after(at("2026-01-11T03:00:00Z")), at("2026-01-18T03:00:00Z"));
    let night = Weekly::parse("Fri 22:00-06:00", berlin()).unwrap();
    assert!(night.holds(at("2026-01-09T22:00:00Z")) && night.holds(at("2026-01-10T04:00:00Z")));
    assert!(!night.holds(at("2026-01-09T04:00:00Z")) && !night.holds(at("2026-01-10T22:00:00Z")));
    let weekend = Weekly::parse("sat, sun 00:00 - 24:00", berlin()).unwrap();
    assert_eq!(weekend.ends_after(at("2026-01-10T12:00:00Z")), at("2026-01-11T23:00:00Z"));
    assert_eq!(Weekly::parse("fri-mon 1-2", berlin()), Weekly::parse("mo,fr,sa,so 01:00–02:00", berlin()));
    assert_eq!(Weekly::parse("daily 0-24", berlin()).unwrap().ends_after(0), i64::MAX);
    let told: Vec<String> =
        ["", "sun", "sun 2", "sun 2-", "sun 2-25", "some 2-4", "mon- 2-4", "sun 02:00 04:00"]
            .map(|text| format!("{text:?}  →  {}", Weekly::parse(text, berlin()).expect_err(text)))
            .to_vec();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn maintenance_is_once_or_every_week() {
    let config: Alerts = toml::from_str(
        r#"
        time_zone = "Europe/Berlin"
        maintenance = [
            { match = "job=backup", weekly = "sun 02:00-04:00" },
            { match = "job=backup", from = "2026-01-11T01:30:00Z", until = "2026-01-11T05:00:00Z" },
        ]"#,
    )
    .expect("right");
    let backup = Labels::from([("job".to_owned(), "backup".to_owned())]);
    let under = |ts: &str| under_maintenance(&config, &backup, at(ts));
    assert_eq!(under("2026-01-11T01:00:00Z"), Some((0, at("2026-01-11T03:00:00Z"))));
    assert_eq!(under("2026-01-11T02:00:00Z"), Some((1, at("2026-01-11T05:00:00Z"))));
    assert_eq!(under("2026-01-11T05:00:00Z"), None);
    assert_eq!(under_maintenance(&config, &Labels::new(), at("2026-01-11T02:00:00Z")), None);
}

/// Moments around the days on which a clock is changed, and any other day.
fn moments() -> impl Strategy<Value = (&'static str, i64)> {
    let change = prop_oneof![
        Just("2026-03-29T01:00:00Z"),
        Just("2026-10-25T01:00:00Z"),
        Just("2026-03-08T07:00:00Z"),
        Just("2026-11-01T06:00:00Z"),
        Just("2026-04-04T15:00:00Z"),
        Just("2026-10-03T15:30:00Z"),
        Just("2026-07-01T00:00:00Z"),
    ];
    let zone = proptest::sample::select(ZONES.to_vec());
    (zone, change, -30 * HOUR..30 * HOUR).prop_map(|(zone, change, by)| (zone, at(change) + by))
}

fn times() -> impl Strategy<Value = (Time, Time)> {
    let time = || (0_i8..24, 0_i8..60).prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0));
    (time(), time()).prop_filter("two times", |(from, until)| from != until)
}

/// Minutes since midnight on the wall, told by another way: from the offset.
fn wall_minutes(zone: &Zone, now: i64) -> i64 {
    let offset = zone.tz().to_offset(Timestamp::from_millisecond(now).unwrap());
    (now / 1_000 + i64::from(offset.seconds())).rem_euclid(86_400) / 60
}

fn minutes(time: Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

proptest! {
    #[test]
    fn it_is_quiet_when_the_clock_on_the_wall_says_so((name, now) in moments(), (from, until) in times()) {
        let quiet = Quiet::new(from, until, zone(name), None).unwrap();
        let wall = wall_minutes(quiet.zone(), now);
        // Going forward from `from` the wall's time comes before `until`.
        let inside = (wall - minutes(from)).rem_euclid(1_440) < (minutes(until) - minutes(from)).rem_euclid(1_440);
        prop_assert_eq!(quiet.holds(now), inside);
    }

    #[test]
    fn quiet_hours_end_at_the_first_moment_that_is_not_quiet((name, now) in moments(), (from, until) in times()) {
        let quiet = Quiet::new(from, until, zone(name), None).unwrap();
        let end = quiet.ends_after(now);
        prop_assert!(end > now && !quiet.holds(end) && quiet.holds(end - 1));
        // Seen minute by minute; all that changes does so on a full minute.
        let first = (now / MINUTE + 1..).map(|minute| minute * MINUTE)
            .find(|ts| !quiet.holds(*ts) && quiet.holds(ts - 1)).unwrap();
        prop_assert_eq!(end, first);
        if quiet.holds(now) {
            // The only minute that is not quiet may lie in the hour that a night leaves out.
            prop_assert!(end - now <= 49 * HOUR);
        }
    }

    #[test]
    fn there_is_one_digest_a_day((name, now) in moments(), (time, _) in times()) {
        let digest = Digest::new(time, zone(name));
        let mut told = vec![digest.next_after(now)];
        for _ in 0..5 {
            told.push(digest.next_after(*told.last().unwrap()));
        }
        prop_assert!(told[0] > now && told[0] - now <= 25 * HOUR);
        let days: Vec<Date> = told.iter().map(|ts| digest.zone().wall(*ts).date()).collect();
        for (pair, ts) in days.windows(2).zip(&told) {
            prop_assert_eq!(pair[0].tomorrow().unwrap(), pair[1]);
            let wall = digest.zone().wall(*ts).time();
            let gap = zone(name).tz().to_ambiguous_timestamp(digest.zone().wall(*ts).date().to_datetime(time));
            prop_assert!(wall == time || gap.is_ambiguous() && wall > time);
        }
        // None is left out before the first.
        let before = digest.zone().wall(now);
        let today = digest.next_after(digest.zone().tz().to_ambiguous_timestamp(
            before.date().to_datetime(Time::midnight())).compatible().unwrap().as_millisecond() - 1);
        prop_assert!(told[0] == today || now >= today);
    }
}

#[test]
fn the_end_of_the_calendar_is_no_panic() {
    let last = date(9999, 12, 30).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond();
    for now in [last, i64::MAX, i64::MIN] {
        let _ = quiet("22", "7", "UTC").ends_after(now);
        let _ = quiet("22", "7", "UTC").holds(now);
        let _ = Digest::new(clock("8").unwrap(), zone("UTC")).next_after(now);
    }
}
