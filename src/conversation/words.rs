//! Words of people that are no orders: courtesies, yes and no, and what a question about the lab sounds like. No list here
//! leads to anything but an answer, or to taking one's own wish back.

use crate::bots::Bot;
use crate::report::messages::Courtesy;

/// Something said aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aside {
    /// "was kannst du?"
    Help,
    /// "danke!"
    Courtesy(Courtesy),
}

const HELP: &str = "hilfe|hilfst du mir|help|hilf mir|help me|was kannst du|was kannst du alles|was kannst du tun|was kannst du denn so|was machst du|was geht|what can you do|what do you do|how does this work|wie geht das|wie funktionierst du|wie funktioniert das|kannst du mir helfen|can you help me|befehle|commands";
const THANKS: &str = "danke|dankeschön|danke schön|danke dir|danke sehr|vielen dank|vielen lieben dank|besten dank|herzlichen dank|tausend dank|super danke|ok danke|alles klar danke|merci|thx|ty|thanks|thanks a lot|thank you|thank you very much|many thanks|cheers|cool danke|great thanks|perfekt danke|gut gemacht|super gemacht|super|prima|klasse|perfekt|good job|well done|great|nice|good bot|braver bot|guter bot";
const HELLO: &str = "hallo|hallo zusammen|hi|hey|hello|hi there|hey there|moin|moin moin|servus|grüß dich|grüß gott|guten morgen|guten tag|guten abend|good morning|good evening|good afternoon|na|huhu|jemand da|bist du da|are you there";
const BYE: &str = "tschüss|tschüs|ciao|bye|bye bye|goodbye|good bye|see you|see you later|bis später|bis dann|bis morgen|gute nacht|good night|auf wiedersehen|schönen feierabend|schönes wochenende|schönen abend";
const WHO: &str = "wer bist du|wer bist du denn|was bist du|wie heißt du|who are you|what are you|whats your name|what is your name|bist du ein mensch|bist du ein bot|bist du eine ki|are you human|are you a bot|are you an ai|are you a human|stell dich vor|introduce yourself|wofür steht ralf|what does ralf stand for";
const HOW: &str = "wie gehts|wie gehts dir|wie geht es dir|wie geht es|alles gut|alles ok|how are you|how are you doing|how is it going|hows it going|whats up";
const YES: &str = "ja|ja bitte|ja gerne|jo|jep|jawohl|klar|na klar|ok|okay|oki|mach das|mach es|mach mal|mach|los|los gehts|passt|passt so|sieht gut aus|einverstanden|genehmigt|freigegeben|ich genehmige das|ich gebe es frei|freigeben|genehmige|genehmigen|bestätigt|bestätige|yes|yes please|yep|yeah|sure|go|go ahead|do it|looks good|lgtm|approve|approved|confirm|confirmed|i approve|ship it";
const NO: &str = "nein|nein danke|nee|nö|lieber nicht|bloß nicht|ablehnen|abgelehnt|ich lehne ab|ich bin dagegen|no|nope|no thanks|deny|denied|reject|rejected|i object";
const BACK: &str = "doch nicht|nein doch nicht|lieber doch nicht|vergiss es|vergiss das|lass es|lass das|lass gut sein|lass mal|nimm das zurück|zurücknehmen|abbrechen|brich ab|brich das ab|stopp|stop|halt|never mind|nevermind|forget it|forget that|cancel|cancel that|cancel it|scrap that|actually no|stop that|stop it|no forget it|nein vergiss es|nein abbrechen";

/// Beginnings of words that tell a question about the lab.
const LAB: &[&str] = &[
    "läuft",
    "laufen",
    "lief",
    "status",
    "zustand",
    "server",
    "dienst",
    "service",
    "host",
    "hosts",
    "node",
    "nodes",
    "knoten",
    "container",
    "cluster",
    "homelab",
    "netzwerk",
    "network",
    "speicher",
    "memory",
    "arbeitsspeicher",
    "ram",
    "cpu",
    "platte",
    "festplatte",
    "disk",
    "disks",
    "storage",
    "auslastung",
    "temperatur",
    "temperature",
    "alarm",
    "alert",
    "störung",
    "ausfall",
    "ausgefallen",
    "ausfällt",
    "erreichbar",
    "offline",
    "online",
    "kaputt",
    "broken",
    "down",
    "crash",
    "abgestürzt",
    "failing",
    "failed",
    "fehler",
    "error",
    "reachable",
    "healthy",
    "running",
    "runs",
    "uptime",
    "outage",
    "backup",
    "sicherung",
    "log",
    "logs",
    "version",
    "update",
    "aktualisier",
    "install",
    "deploy",
    "restart",
    "neustart",
    "reboot",
    "genehmig",
    "freigab",
    "freigegeben",
    "freigeb",
    "approv",
    "abgelehnt",
    "denied",
    "vorgang",
    "operation",
    "passwort",
    "password",
    "secret",
    "geheimnis",
    "token",
    "zertifikat",
    "certificate",
    "port",
    "ports",
    "adresse",
    "address",
    "firewall",
    "vpn",
    "dns",
    "stack",
    "terraform",
    "tofu",
    "ansible",
    "inventar",
    "inventory",
    "langsam",
    "slow",
    "nas",
];

/// A sentence in plain words: lower case, one space between them, nothing else.
pub(super) fn plain(sentence: &str) -> String {
    let lower = sentence.to_lowercase().replace(['\'', '’', '´'], "");
    let words = lower.split(|c: char| !(c.is_alphanumeric() || c == '-')).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").replace('-', " ")
}

/// Whether plain words hold other plain words, as whole words.
pub(super) fn holds(said: &str, name: &str) -> bool {
    !name.is_empty() && format!(" {said} ").contains(&format!(" {name} "))
}

/// What is left of a sentence without our names and small words.
fn core(sentence: &str) -> String {
    let small = ["bitte", "please", "mal", "denn", "ralf", "aber", "so", "eigentlich"];
    let said = plain(sentence);
    let core: Vec<&str> = said.split(' ').filter(|word| !small.contains(word)).collect();
    core.join(" ")
}

fn is_one(list: &str, sentence: &str) -> bool {
    let (whole, core) = (plain(sentence), core(sentence));
    list.split('|').any(|one| one == whole || one == core)
}

/// Whether a sentence is said aside, and what it is.
pub(super) fn aside(sentence: &str) -> Option<Aside> {
    let courtesies = [
        (THANKS, Courtesy::Thanks),
        (HELLO, Courtesy::Hello),
        (BYE, Courtesy::Bye),
        (WHO, Courtesy::Who),
        (HOW, Courtesy::HowAreYou),
        (YES, Courtesy::YesOrNo),
        (NO, Courtesy::YesOrNo),
        (BACK, Courtesy::YesOrNo),
    ];
    if is_one(HELP, sentence) {
        return Some(Aside::Help);
    }
    let found = courtesies.into_iter().find(|(list, _)| is_one(list, sentence));
    found.map(|(_, courtesy)| Aside::Courtesy(courtesy))
}

/// Whether a sentence says nothing but yes or no: "ja", "ok, mach das", "nein, lieber nicht".
pub(super) fn is_verdict(sentence: &str) -> bool {
    let is = |said: &str| [YES, NO, BACK].iter().any(|list| is_one(list, said));
    let said = core(sentence);
    is(sentence) || said.split_once(' ').is_some_and(|(first, rest)| is(first) && is(rest))
}

/// The intents whose deeds a sentence speaks of.
pub(super) fn deeds(sentence: &str) -> Vec<&'static str> {
    let said = plain(sentence);
    let speaks = |stems: &[&str]| stems.iter().any(|stem| format!(" {said}").contains(&format!(" {stem}")));
    let split =
        said.split(' ').any(|w| w.starts_with("start") || w.starts_with("fahr")) && holds(&said, "neu");
    [
        ("deploy_service", speaks(&["install", "einricht", "richte", "deploy", "set up", "aufsetz"])),
        (
            "restart_service",
            split || speaks(&["neustart", "neu start", "neu gestartet", "restart", "reboot", "bounce"]),
        ),
        ("remove_service", speaks(&["entfern", "lösch", "deinstall", "remov", "delet", "uninstall"])),
        ("rollback_service", speaks(&["zurückroll", "rollback", "roll back", "rückgängig", "zurücksetz"])),
        ("run_backup", speaks(&["backup", "sicher", "back up", "restore", "wiederherst"])),
        ("update_service", speaks(&["updat", "aktualisier", "upgrade"])),
        ("scale_service", speaks(&["skalier", "scale"])),
    ]
    .into_iter()
    .filter_map(|(intent, is_said)| is_said.then_some(intent))
    .collect()
}

/// The intent whose deed a sentence speaks of, when it is one alone.
pub(super) fn deed(sentence: &str) -> Option<&'static str> {
    let deeds = deeds(sentence);
    (deeds.len() == 1).then(|| deeds[0])
}

/// Whether a sentence takes back what was just wished for.
pub(super) fn takes_back(sentence: &str) -> bool {
    is_one(BACK, sentence)
}

/// Whether a sentence asks something.
pub(super) fn is_question(sentence: &str) -> bool {
    const ASK: &str =
        "wer|was|wie|wann|wo|warum|wieso|weshalb|welche|welcher|welches|who|what|how|when|where|why|which";
    let said = plain(sentence);
    sentence.trim_end().ends_with('?')
        || said.split(' ').next().is_some_and(|first| ASK.split('|').any(|word| word == first))
}

/// Whether a sentence asks why.
pub(super) fn asks_why(sentence: &str) -> bool {
    let said = plain(sentence);
    ["why", "warum", "wieso", "weshalb", "weswegen"].iter().any(|word| said.split(' ').next() == Some(word))
}

/// Whether a sentence names one of us.
pub(super) fn names_us(sentence: &str) -> bool {
    let said = plain(sentence);
    Bot::ALL.iter().any(|bot| holds(&said, &plain(bot.display_name())))
}

/// Whether a sentence asks after something that only a look can tell, and no model.
pub(super) fn is_about_the_lab(sentence: &str) -> bool {
    let said = plain(sentence);
    said.split(' ').any(|word| {
        LAB.iter().any(|begin| if begin.len() < 5 { word == *begin } else { word.starts_with(begin) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn courtesies_are_whole_sentences() {
        for (said, want) in [
            ("Danke!", Courtesy::Thanks),
            ("vielen Dank, Ralf :)", Courtesy::Thanks),
            ("Hallo Ralf", Courtesy::Hello),
            ("Wer bist du denn?", Courtesy::Who),
            ("How's it going?", Courtesy::HowAreYou),
            ("ja, bitte", Courtesy::YesOrNo),
            ("never mind", Courtesy::YesOrNo),
        ] {
            assert_eq!(aside(said), Some(Aside::Courtesy(want)), "{said}");
        }
        assert_eq!(aside("Was kannst du alles?"), Some(Aside::Help));
        for said in
            ["danke, und jetzt starte grafana neu", "hallo welt ist ein programm", "erzähl einen Witz", ""]
        {
            assert_eq!(aside(said), None, "{said}");
        }
    }

    #[test]
    fn questions_about_the_lab_are_known_by_their_words() {
        for said in [
            "Wie viele Dienste laufen?",
            "is the NAS down?",
            "wer hat das freigegeben?",
            "how full is the disk?",
        ] {
            assert!(is_about_the_lab(said), "{said}");
        }
        for said in ["erzähl einen Witz", "tell me a joke", "was ist der Sinn des Lebens?", "how old are you"]
        {
            assert!(!is_about_the_lab(said), "{said}");
        }
    }

    #[test]
    fn yes_and_no_may_take_two_parts() {
        for said in ["ja, genehmigt", "ok, mach das", "Nein, lieber nicht!", "lgtm", "approved"] {
            assert!(is_verdict(said), "{said}");
        }
        for said in ["ja, aber erst morgen", "ist das genehmigt worden?", "go home"] {
            assert!(!is_verdict(said), "{said}");
        }
    }

    #[test]
    fn a_deed_is_known_when_it_is_one_alone() {
        assert_eq!(deed("how do I install gitea?"), Some("deploy_service"));
        assert_eq!(deed("Soll ich grafana neu starten?"), Some("restart_service"));
        assert_eq!(deed("wenn es ausfällt, starte es neu"), Some("restart_service"));
        assert_eq!(deed("soll ich es löschen oder neu starten?"), None);
        assert_eq!(deed("wie wird das Wetter?"), None);
    }

    #[test]
    fn questions_are_told_from_talk() {
        for said in ["Wann geht es los", "is it running?", "warum dauert das so lange"] {
            assert!(is_question(said), "{said}");
        }
        for said in ["ich schaue gleich nach", "wird schon", "danke"] {
            assert!(!is_question(said), "{said}");
        }
    }

    #[test]
    fn our_names_are_whole_words() {
        assert!(names_us("hallo Ralf!") && names_us("danke, ralf infra"));
        assert!(!names_us("danke, Ralfs Bruder"));
    }
}
