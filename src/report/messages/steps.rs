//! The steps of the shipped playbooks and of OpenTofu in German; a step of somebody's own playbook is shown as it is called.

use ralf_intents::Lang;

/// Whole titles.
const WHOLE: &[(&str, &str)] = &[
    ("Write its program file", "Programmdatei schreiben"),
    ("Write its unit file", "Unit-Datei schreiben"),
    ("Delete its program file", "Programmdatei löschen"),
    ("Delete its unit file", "Unit-Datei löschen"),
    ("Delete its data", "Daten löschen"),
    ("Put the previous program file back", "Vorige Programmdatei zurücklegen"),
    ("Put the previous unit file back", "Vorige Unit-Datei zurücklegen"),
    ("Delete the new program file", "Neue Programmdatei löschen"),
    ("Delete the new unit file", "Neue Unit-Datei löschen"),
    ("Delete the new data folder", "Neuen Datenordner löschen"),
    ("Stop the new service", "Neuen Dienst anhalten"),
    ("Let supervisord see what was before", "supervisord auf den vorigen Stand bringen"),
    ("Let systemd see what was before", "systemd auf den vorigen Stand bringen"),
    ("Let systemd see it", "systemd neu einlesen lassen"),
    ("Restart the host", "Host neu starten"),
    ("Watch the start", "Start beobachten"),
    ("See what runs", "Nachsehen, was läuft"),
    ("See what runs now", "Nachsehen, was jetzt läuft"),
    ("See the state", "Zustand ansehen"),
    ("See its health", "Gesundheit ansehen"),
    ("See that it still runs", "Nachsehen, ob es noch läuft"),
    ("Note it in the journal", "Im Journal vermerken"),
    ("Note the deployment", "Einrichtung vermerken"),
    ("Note the removal", "Entfernung vermerken"),
    ("Note the restart", "Neustart vermerken"),
    ("Set outputs", "Ausgaben setzen"),
    ("Bring the state up to date", "Zustand auf den neuesten Stand bringen"),
    ("Changed outside of OpenTofu", "Außerhalb von OpenTofu geändert"),
    ("Destroyed outside of OpenTofu", "Außerhalb von OpenTofu zerstört"),
];

/// What stands before and after a name.
type Around = (&'static str, &'static str);

/// Titles around a name, in English and in German.
const AROUND: &[(Around, Around)] = &[
    (("Start ", ""), ("", " starten")),
    (("Stop ", ""), ("", " anhalten")),
    (("Restart ", ""), ("", " neu starten")),
    (("Wait until ", " answers"), ("Warten, bis ", " antwortet")),
    (("Judge whether ", " runs"), ("Prüfen, ob ", " läuft")),
    (("Judge whether ", " can be restarted"), ("Prüfen, ob ", " neu gestartet werden kann")),
    (("Judge the health of ", ""), ("Gesundheit von ", " prüfen")),
    // OpenTofu's, about one resource each.
    (("Create ", ""), ("", " anlegen")),
    (("Change ", ""), ("", " ändern")),
    (("Replace ", ""), ("", " ersetzen (zerstören und neu anlegen)")),
    (("Destroy ", ""), ("", " zerstören")),
    (("Forget ", ""), ("", " nicht mehr verwalten")),
    (("Move ", ""), ("", " umbenennen")),
    (("Import ", ""), ("", " übernehmen")),
];

/// A step's title in a language. What follows a colon (a path) stays as it is.
pub(super) fn title(lang: Lang, title: &str) -> String {
    if lang == Lang::En {
        return title.to_owned();
    }
    for (english, german) in [("Make its data folder", "Datenordner anlegen"), ("Restart: ", "Neu starten: ")]
    {
        if let Some(rest) = title.strip_prefix(english) {
            return format!("{german}{rest}");
        }
    }
    let (head, tail) =
        title.split_once(": ").map_or((title, String::new()), |(head, tail)| (head, format!(": {tail}")));
    if let Some((_, german)) = WHOLE.iter().find(|(english, _)| *english == head) {
        return format!("{german}{tail}");
    }
    for ((before, after), (de_before, de_after)) in AROUND {
        if let Some(name) = head.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) {
            return format!("{de_before}{name}{de_after}{tail}");
        }
    }
    title.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_steps_are_german_and_others_stay() {
        assert_eq!(title(Lang::De, "Start jellyfin"), "jellyfin starten");
        assert_eq!(title(Lang::De, "Wait until jellyfin answers"), "Warten, bis jellyfin antwortet");
        assert_eq!(title(Lang::De, "Make its data folder: /srv/x"), "Datenordner anlegen: /srv/x");
        assert_eq!(title(Lang::De, "Rotate the flurb"), "Rotate the flurb");
        assert_eq!(title(Lang::En, "Start jellyfin"), "Start jellyfin");
    }
}
