use super::judge::*;

/// Rounds one after the other, and what each of them changed.
fn run(rounds: impl IntoIterator<Item = Seen>) -> Vec<Vec<Change>> {
    let mut before: Option<Snapshot> = None;
    let mut changes = Vec::new();
    for seen in rounds {
        let now = Snapshot::after(before.as_ref(), seen);
        changes.push(before.as_ref().map(|before| judge(before, &now)).unwrap_or_default());
        // As it lies in the database in between.
        let text = serde_json::to_string(&now).unwrap();
        before = Some(serde_json::from_str(&text).unwrap());
    }
    changes
}

fn wrong() -> Trouble {
    Trouble::Fails("connection refused".into())
}

fn model(sight: Sight) -> Seen {
    Seen { parts: [(Part::Model("tiny".into()), sight)].into(), ..Seen::default() }
}

fn fails() -> Seen {
    model(Sight::Wrong(wrong()))
}

fn well() -> Seen {
    model(Sight::Well)
}

fn target(up: bool, covered: bool) -> Seen {
    Seen { targets: Some([("node/pi4".to_owned(), Target { up, covered })].into()), ..Seen::default() }
}

fn tiny() -> Part {
    Part::Model("tiny".into())
}

#[test]
fn a_part_fails_after_two_rounds_and_is_well_after_two_and_that_is_all() {
    let changes = run([fails(), fails(), fails(), fails(), well(), well(), well()]);
    let expected = [
        vec![],
        vec![Change::Fails(tiny(), wrong())],
        vec![],
        vec![],
        vec![],
        vec![Change::Well(tiny())],
        vec![],
    ];
    assert_eq!(changes, expected);
}

#[test]
fn what_flaps_is_no_news_and_what_nobody_can_say_changes_nothing() {
    let flaps = run([well(), fails(), well(), fails(), well(), fails()]);
    assert!(flaps.iter().all(Vec::is_empty), "{flaps:?}");
    let unknown = || model(Sight::Unknown);
    let changes = run([fails(), unknown(), fails(), unknown(), unknown(), unknown()]);
    assert_eq!(changes.concat(), [Change::Fails(tiny(), wrong())]);
}

#[test]
fn a_part_that_there_is_no_more_is_no_trouble() {
    let changes = run([fails(), fails(), Seen::default(), Seen::default(), Seen::default()]);
    assert_eq!(changes.concat(), [Change::Fails(tiny(), wrong()), Change::Well(tiny())]);
}

#[test]
fn an_alert_may_be_on_its_way_for_two_rounds() {
    let unrouted = |names: &[&str]| Seen {
        unrouted: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..Seen::default()
    };
    let disk = || unrouted(&["Disk"]);
    let on_the_way = run([disk(), disk(), unrouted(&[]), disk(), disk()]);
    assert!(on_the_way.iter().all(Vec::is_empty), "{on_the_way:?}");
    let not_asked = Seen::default;
    let changes = run([disk(), disk(), disk(), not_asked(), not_asked(), unrouted(&[]), unrouted(&[])]);
    let [_, _, third, _, _, _, last] = &changes[..] else { panic!("{changes:?}") };
    assert!(matches!(&third[..], [Change::Fails(Part::Route(name), _)] if name == "Disk"), "{changes:?}");
    assert_eq!(last[..], [Change::Well(Part::Route("Disk".into()))]);
    assert_eq!(changes.concat().len(), 2, "{changes:?}");
}

#[test]
fn a_target_that_no_alert_is_about_is_told() {
    let (up, down) = (|| target(true, false), || target(false, false));
    let changes = run([up(), down(), down(), down(), up(), up(), up()]);
    assert_eq!(changes.concat(), [Change::Down("node/pi4".into()), Change::Up("node/pi4".into())]);
    assert_eq!(changes[2].len() + changes[5].len(), 2, "{changes:?}");
    let once = run([up(), down(), up(), down(), up()]);
    assert!(once.iter().all(Vec::is_empty), "{once:?}");
    let covered = run([up(), target(false, true), target(false, true), down(), up(), up()]);
    assert!(covered.iter().all(Vec::is_empty), "its incident tells of it, and of its end: {covered:?}");
}

#[test]
fn the_first_round_takes_everything_as_it_is() {
    let (up, down) = (|| target(true, false), || target(false, false));
    let changes = run([down(), down(), down(), up(), up()]);
    assert!(changes.iter().all(Vec::is_empty), "{changes:?}");
    let dead =
        |ids: &[&str]| Seen { dead: ids.iter().map(|id| (*id).to_owned()).collect(), ..Seen::default() };
    let changes = run([dead(&["a"]), dead(&["a"]), dead(&["a", "b", "c"]), dead(&["c"])]);
    assert_eq!(changes.concat(), [Change::Lost(2)]);
}

#[test]
fn a_target_that_is_new_and_never_comes_up_is_told() {
    let none = Seen { targets: Some([].into()), ..Seen::default() };
    let changes = run([none, target(false, false), target(false, false)]);
    assert_eq!(changes.concat(), [Change::Down("node/pi4".into())]);
}

#[test]
fn what_came_and_went_while_it_was_quiet_is_left_out() {
    let waiting = [Change::Down("a".into()), Change::Fails(tiny(), wrong()), Change::Lost(1)];
    let new = vec![Change::Up("a".into()), Change::Down("b".into()), Change::Lost(2)];
    let all = together(&waiting, new);
    assert_eq!(all, [Change::Fails(tiny(), wrong()), Change::Lost(3), Change::Down("b".into())]);
    assert_eq!(together(&all, vec![Change::Well(tiny())]), [Change::Lost(3), Change::Down("b".into())]);
}

#[test]
fn since_when_it_is_new() {
    let at = |ts| Seen { ts, ..Seen::default() };
    let first = Snapshot::after(None, at(1));
    let second = Snapshot { waiting: vec![Change::Lost(1)], ..Snapshot::after(Some(&first), at(2)) };
    assert_eq!(second.since_ts, 1);
    let third = Snapshot::after(Some(&second), at(3));
    assert_eq!(third.since_ts, 1, "the second told nothing");
    assert_eq!(Snapshot::after(Some(&third), at(4)).since_ts, 3);
}

#[test]
fn alertmanager_may_know_an_alert_by_other_labels() {
    let labels = |pairs: &[(&str, &str)]| -> crate::alerts::Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let alert = labels(&[("alertname", "Disk"), ("instance", "pi4"), ("replica", "a")]);
    let known = labels(&[("alertname", "Disk"), ("instance", "pi4"), ("cluster", "home")]);
    let other = labels(&[("alertname", "Disk"), ("instance", "pi5")]);
    assert!(is_known(&alert, &[&other, &known]));
    assert!(!is_known(&alert, &[&other]));
    assert!(!is_known(&alert, &[&labels(&[("alertname", "Cpu")])]));
    for (alert, about) in [
        (&[("instance", "pi4:9100")][..], true),
        (&[("instance", "pi4:9100"), ("job", "node")], true),
        (&[("instance", "pi4:9100"), ("job", "other")], false),
        (&[("job", "node")], true),
        (&[("job", "node"), ("instance", "pi5:9100")], false),
        (&[("alertname", "Disk")], false),
    ] {
        assert_eq!(is_about(&labels(alert), "node", "pi4:9100"), about, "{alert:?}");
    }
}
