//! What holds for messages about alerts whatever their words are.

use ralf_intents::Lang;

use super::tests::{MIN, NOW, all_notes, berlin, one};
use super::*;
use crate::alerts::State;

#[test]
fn a_living_message_stays_the_same_while_only_time_passes() {
    let zone = berlin();
    let it = one(State::Acknowledged, "critical");
    let at = |now| {
        let r = Reader { lang: Lang::En, zone: &zone, now };
        let view =
            View { incident: &it, alerts: &[], call: &[], call_room: false, helped: None, remedies: &[] };
        incident(&r, &view).build()
    };
    assert_eq!(at(NOW), at(NOW + 5 * MIN));
}

#[test]
fn a_note_is_stored_and_read_again() {
    for (name, note) in all_notes() {
        let stored = serde_json::to_string(&note).expect("JSON");
        assert_eq!(serde_json::from_str::<Note>(&stored).expect("a note"), note, "{name}");
    }
}

#[test]
fn the_field_is_bounded_and_holds_strings_only() {
    let mut it = one(State::Firing, "critical");
    it.group_key = "ü".repeat(5_000);
    it.fingerprints = vec!["0123456789abcdef".to_owned(); 500];
    let field = incident_field(&it);
    assert_eq!(field["id"], "k7m2");
    assert_eq!(field["state"], "firing");
    assert_eq!(field["severity"], "critical");
    assert_eq!(field["group_key"].as_str().expect("a text").chars().count(), 1_000);
    assert_eq!(field["fingerprints"].as_array().expect("a list").len(), 100);
    assert_eq!(field.as_object().expect("an object").len(), 5);
}
