//! The words that tell a command from talk about one. Folded spelling, separated by spaces.

pub(super) fn is_one(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split_ascii_whitespace().any(|w| w == word)
}

pub(super) const NEGATION: &str = "nicht nich nie niemals kein keine keinen keinem keiner keines keinesfalls keineswegs nimmer nix ohne dont do_not never not wont \
 cannot cant shouldnt mustnt without neither nor stop hoer unterlass unterlasse bloss isnt arent doesnt didnt wasnt avoid refrain no nothing";

/// After "no": no negation of what follows.
pub(super) const NO_AND: &str = "longer more amoi mal rush worries problem idea clue one hurry doubt wonder";

/// What is of no use any more is a reason to act.
pub(super) const OF_USE: &str = "mehr benoetigt gebraucht genutzt verwendet benutzt brauche brauchen braucht nutze nutzen nutzt \
 use uses used using anymore longer bother bug nerv nerven wake annoy";

/// What fails is a reason to act.
pub(super) const FAILS: &str = "geht gehen laeuft lauft laufen funktioniert funktionieren reagiert reagieren startet antwortet laedt tut kommt findet erreichbar rund sauber \
 work works working responding running starting loading respond start load happy healthy reachable playing syncing opening";

/// Before "wenn" and "if": a wish, no condition.
pub(super) const WISHED: &str = "waer waere waers waeres wars wuerd wuerde wuerdest freu freue freuen nett lieb toll super would be great nice lovely appreciate appreciated love \
 helpful awesome grateful mind schoen cool prima klasse dankbar";

/// After "can we", "könnten wir": a request.
pub(super) const ASKED_FOR: &str = "get have haben bekommen kriegen ask bitte please";

pub(super) const BEFORE_QUESTION: &str = "hallo hi hey moin und and aber but also so ralf sag sagt mal frage question ok okay denn hm hmm ach oh well btw core health infra \
 planner sec sorry bitte please du kurz weiss jemand wtf omg lol yo oi";

pub(super) const ASKING: &str = "was wann wer wo wieso weshalb warum welche welcher welches welchen wozu womit wofuer wieviel wieviele woher wohin \
 what when who where why which whose whats whos whyd whys howd whatd ob";

pub(super) const MODAL: &str = "soll sollte sollten kann koennte koennten darf duerfte duerfen muss muesste muessen kann mag sollen koennen \
 should shall can could may must might would ought";

pub(super) const WISH: &str = "will moechte mochte wuerde wuerdest haette soll sollte muss muesste wollen bitte please want wants need needs get should must would like braucht \
 brauche benoetigt kannst koenntest can could";

pub(super) const AUXILIARY: &str = "hab habe haben hat hatte hatten haste hast wurde wurden worden wird werden ist sind war waren \
 has have had was were been being got is are gets did ive weve";

pub(super) const DONE: &str = "restarted rebooted installed deployed removed deleted uninstalled updated upgraded reverted downgraded scaled restored rotated changed renewed \
 replaced bounced patched provisioned decommissioned recovered relaunched reinstalled recreated finished fertig geklappt erfolgreich lief verlief problemlos smoothly went successful successfully completed worked \
 durchgelaufen applied rolled_out";

pub(super) const PAST: &str = "rolled backed configured silenced muted reset started stopped ran did made took crashed broke died failed moved killed set put";

pub(super) const SUBJECT: &str =
    "ich wir er sie man jemand i we he she they someone somebody you it who im ive weve";

pub(super) const STATE: &str = "laeuft lauft ist hat war hatte runs is has was had works ran startet startete bootet geht ging funktioniert funktionierte seems scheint looks got wurde \
 went steht stuerzt braucht_nicht macht gefaellt";

pub(super) const OWN_DOING: &str = "starte starten installiere installieren entferne entfernen loesche loeschen aktualisiere update skaliere rolle sichere spiele mache deploye restarte boote \
 richte setze stelle tausche mach starte rotiere erneuere aendere reboote upgrade mach start restart reboot install remove delete roll scale back restore rotate deploy";

pub(super) const CONDITION: &str =
    "wenn falls sobald sofern nachdem ausser if when whenever once unless provided assuming";

pub(super) const LATER: &str = "uebermorgen spaeter nachher tomorrow tonight later taeglich stuendlich woechentlich monatlich daily weekly hourly monthly regelmaessig regularly \
 mitternacht midnight wochenende weekend feierabend weihnachten ostern silvester neujahr christmas easter thanksgiving halloween demnaechst eventually irgendwann someday periodically automatisch automatically";

pub(super) const DAY: &str = "montag dienstag mittwoch donnerstag freitag samstag sonntag sonnabend monday tuesday wednesday thursday friday saturday sunday";

pub(super) const WEEKDAY: &str = "montag dienstag mittwoch donnerstag freitag samstag sonntag sonnabend montags sonntags wochenende abend nacht tag morgen woche monat stunde jahr \
 monday tuesday wednesday thursday friday saturday sunday weekend evening night day morning week month hour year mon tue wed thu fri sat sun";

/// Whether a folded word looks like a participle of doing something: "gestartet", "neugestartet", "installiert", "restarted".
pub(super) fn participle(word: &str) -> bool {
    const PLAIN: &str = "entfernt ersetzt erneuert veraendert wiederhergestellt deinstalliert deployt deployed rebootet restartet downgegradet upgedatet geupdatet gebackupt ueberprueft \
     erstellt verschoben vergeben rotiert skaliert";
    let ge = word.starts_with("ge") && word.len() > 6 && (word.ends_with('t') || word.ends_with("en"));
    let infix = [
        "neuge",
        "hochge",
        "runterge",
        "zurueckge",
        "zuruckge",
        "einge",
        "aufge",
        "ausge",
        "abge",
        "durchge",
        "angestossen",
        "wegge",
        "bereitge",
        "umge",
        "raufge",
    ]
    .iter()
    .any(|p| word.starts_with(p));
    ge && !matches!(
        word,
        "gegangen"
            | "generieren"
            | "genehmigen"
            | "genehmigt"
            | "gesunden"
            | "gerade"
            | "geraeten"
            | "gefallen"
            | "gestern"
            | "gesamten"
    ) || infix
        || (word.ends_with("iert") && word.len() > 6)
        || is_one(PLAIN, word)
        || is_one(DONE, word)
        || is_one(PAST, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn participles() {
        for word in [
            "gestartet",
            "neugestartet",
            "installiert",
            "zurueckgerollt",
            "geloescht",
            "restarted",
            "aktualisiert",
        ] {
            assert!(participle(word), "{word}");
        }
        for word in ["gestern", "gerade", "starten", "grafana", "geht"] {
            assert!(!participle(word), "{word}");
        }
    }
}
