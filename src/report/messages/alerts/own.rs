//! What R.A.L.F. says about incidents that it raises itself. Nobody outside writes a summary for them.

use ralf_intents::Lang;

use super::words::foreign;
use crate::alerts::Labels;
use crate::report::t;

/// What an incident of the source `ralf` means and what to do about it, in one line; nothing for a title that is none of ours.
///
/// The label `watchdog` names the alert that is missing, `model`, `executor` and `alert` what the others are about; without it the
/// line says less.
pub fn own(lang: Lang, title: &str, labels: &Labels) -> Option<String> {
    let named = |label: &str| labels.get(label).map(|name| format!("`{}`", foreign(name, 80)));
    let words = match title {
        "WatchdogMissing" => {
            let alert = named("watchdog").unwrap_or_else(|| "`Watchdog`".to_owned());
            return Some(match lang {
                Lang::De => format!(
                    "🐕 {alert} kommt nicht mehr. Dieser Alarm kommt sonst immer; ohne ihn kommen wohl auch die echten nicht an. Bitte sieh nach Prometheus, Alertmanager und dem Webhook."
                ),
                Lang::En => format!(
                    "🐕 {alert} does not come any more. This alert always comes; without it the real ones probably don't arrive either. Please look at Prometheus, Alertmanager and the webhook."
                ),
            });
        }
        "AlertNotRouted" => {
            let alert = named("alert").unwrap_or_else(|| t(lang, "ein Alarm", "an alert").to_owned());
            return Some(match lang {
                Lang::De => format!(
                    "In Prometheus ist {alert} aktiv, aber bei mir kam nichts davon an. Bitte sieh nach den Routen in Alertmanager und nach dem Webhook."
                ),
                Lang::En => format!(
                    "In Prometheus {alert} is firing, but nothing of it reached me. Please look at Alertmanager's routes and at the webhook."
                ),
            });
        }
        "ExecutorMissing" => {
            let executor = named("executor").unwrap_or_default();
            let line = match lang {
                Lang::De => format!(
                    "Die Ausführung {executor} steht nicht bereit; was sie braucht, kann ich nicht ändern. `ralf doctor` sagt, was fehlt."
                ),
                Lang::En => format!(
                    "The executor {executor} is not ready; I can't change what needs it. `ralf doctor` says what is missing."
                ),
            };
            return Some(line.replace("  ", " "));
        }
        "ModelDown" => {
            let model = named("model").unwrap_or_default();
            let line = match lang {
                Lang::De => format!(
                    "Das Sprachmodell {model} antwortet nicht. Ich verstehe weiter, was Grammatik und Klassifikator verstehen; im Zweifel frage ich öfter nach."
                ),
                Lang::En => format!(
                    "The language model {model} does not answer. I still understand what the grammar and the classifier do; in doubt I ask more often."
                ),
            };
            return Some(line.replace("  ", " "));
        }
        "HomeserverUnreachable" => (
            "Der Homeserver antwortet mir nicht. Was ich zu sagen habe, kommt, sobald er wieder da ist.",
            "The homeserver does not answer me. What I have to say comes as soon as it is back.",
        ),
        "OutboxStuck" => (
            "Was ich zu sagen habe, wird nicht mehr gesendet. Nichts geht verloren, aber es kommt später. Bitte sieh nach dem Homeserver.",
            "What I have to say is not being sent any more. Nothing is lost, but it comes late. Please look at the homeserver.",
        ),
        "InboxStuck" => (
            "Was ihr schreibt, arbeite ich nicht mehr ab. Nichts geht verloren, aber meine Antwort kommt später. Bitte sieh in mein Log.",
            "What you write is not being worked on any more. Nothing is lost, but my answer comes late. Please look at my log.",
        ),
        "AlertmanagerUnreachable" => (
            "Alertmanager antwortet mir nicht: Verlorene Meldungen finde ich jetzt nicht wieder, und Stummschalten geht nicht. Webhooks nehme ich weiter an.",
            "Alertmanager does not answer me: I can't find lost deliveries now, and nothing can be silenced. Webhooks still work.",
        ),
        "PrometheusUnreachable" => (
            "Prometheus antwortet mir nicht: Es gibt jetzt keine Diagramme, und was Prometheus überwacht, sehe ich nur über die Webhooks.",
            "Prometheus does not answer me: there are no charts now, and what it watches I see by the webhooks alone.",
        ),
        _ => return None,
    };
    Some(t(lang, words.0, words.1).to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, berlin, labels, one};
    use super::super::{Reader, View, incident};
    use super::*;
    use crate::alerts::{Incident, State};

    const TITLES: [&str; 9] = [
        "WatchdogMissing",
        "AlertNotRouted",
        "ExecutorMissing",
        "ModelDown",
        "HomeserverUnreachable",
        "OutboxStuck",
        "InboxStuck",
        "AlertmanagerUnreachable",
        "PrometheusUnreachable",
    ];

    fn said(lang: Lang) -> String {
        let bare = labels(&[("source", "ralf")]);
        let full = labels(&[
            ("watchdog", "Heartbeat"),
            ("alert", "DiskFull"),
            ("executor", "ansible"),
            ("model", "qwen3:8b"),
        ]);
        let mut said = String::new();
        for title in TITLES {
            let (with, without) = (own(lang, title, &full), own(lang, title, &bare));
            said.push_str(&format!("── {title}\n{}\n", with.as_deref().unwrap_or_default()));
            if with != without {
                said.push_str(&format!("{}\n", without.unwrap_or_default()));
            }
        }
        said
    }

    #[test]
    fn german() {
        insta::assert_snapshot!(said(Lang::De));
    }

    #[test]
    fn english() {
        insta::assert_snapshot!(said(Lang::En));
    }

    #[test]
    fn an_incident_of_our_own_says_what_it_means() {
        let zone = berlin();
        let it = Incident {
            source: "ralf".into(),
            title: "WatchdogMissing".into(),
            labels: labels(&[
                ("alertname", "WatchdogMissing"),
                ("severity", "critical"),
                ("source", "ralf"),
                ("watchdog", "Watchdog"),
            ]),
            annotations: Labels::new(),
            url: None,
            links: Default::default(),
            ..one(State::Firing, "critical")
        };
        let shown = |it: &Incident| {
            Lang::ALL.map(|lang| {
                let r = Reader { lang, zone: &zone, now: NOW };
                let view = View {
                    incident: it,
                    alerts: &[],
                    call: &[],
                    call_room: false,
                    helped: None,
                    remedies: &[],
                };
                incident(&r, &view).plain().to_owned()
            })
        };
        insta::assert_snapshot!(shown(&it).join("\n\n"));
        // Whoever else calls an alert so speaks for themselves.
        let other = Incident { source: "alertmanager".into(), ..it };
        assert!(shown(&other).iter().all(|text| !text.contains("🐕")));
    }
}
