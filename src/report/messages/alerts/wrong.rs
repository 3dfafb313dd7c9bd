//! What somebody typed and nobody can read: where, why, and what to write instead.

use ralf_intents::Lang;

use super::words::foreign;
use crate::alerts::{Clause, MatcherError, MatcherFault, Untranslatable, WishError};
use crate::report::{Text, t, visible};

/// What was wished for can't be read.
pub fn wish_wrong(lang: Lang, wish: &str, error: &WishError) -> Text {
    let lead = t(lang, "Das Abo kann ich nicht lesen", "I can't read that subscription");
    let text = Text::new().line(&format!("{lead}: {}", wish_fault(lang, error)));
    let text = match error {
        WishError::Empty => text,
        error => pointed_at(text, wish, error.at()),
    };
    text.line(t(
        lang,
        "Zum Beispiel: `!ralf abonniere severity>=warning job=~\"node.*\" except instance=\"pi4\"`",
        "For example: `!ralf subscribe severity>=warning job=~\"node.*\" except instance=\"pi4\"`",
    ))
}

/// What shall be silenced can't be read.
pub fn matchers_wrong(lang: Lang, typed: &str, error: &MatcherError) -> Text {
    let lead = t(
        lang,
        "Was still sein soll, kann ich nicht lesen; nichts ist stumm",
        "I can't read what shall be silent; nothing is silenced",
    );
    let text = Text::new().line(&format!("{lead}: {}", matcher_fault(lang, &error.fault)));
    pointed_at(text, typed, error.at).line(t(
        lang,
        "Zum Beispiel: `!ralf stumm 2h service=\"jellyfin\"`",
        "For example: `!ralf silence 2h service=\"jellyfin\"`",
    ))
}

/// What shall be silenced can't be said in Alertmanager's terms.
pub fn silence_untranslatable(lang: Lang, why: Untranslatable) -> Text {
    Text::new().line(match why {
        Untranslatable::About => t(
            lang,
            "Nichts ist stumm: Alertmanager kennt kein `about`. Nenn das Label, etwa `service=\"jellyfin\"`.",
            "Nothing is silenced: Alertmanager knows no `about`. Name the label, such as `service=\"jellyfin\"`.",
        ),
        Untranslatable::Everything => t(
            lang,
            "Nichts ist stumm: Das träfe alle Alarme. Nenn mindestens ein Label mit einem Wert, etwa `job=\"node\"`.",
            "Nothing is silenced: that would cover all alerts. Name at least one label's value, such as `job=\"node\"`.",
        ),
    })
}

/// What was typed, and a mark below the character `at` of it.
fn pointed_at(text: Text, typed: &str, at: usize) -> Text {
    let line = |text: &str| visible(text).replace(['\n', '\t'], " ").replace('@', "＠");
    let at = typed.char_indices().nth(at).map_or(typed.len(), |(at, _)| at);
    // A long text is shown around the place that is wrong.
    let from = typed[..at].char_indices().rev().nth(60).map_or(0, |(from, _)| from);
    let until = typed[at..].char_indices().nth(60).map_or(typed.len(), |(n, _)| at + n);
    let mark = " ".repeat(line(&typed[from..at]).chars().count());
    text.code("text", &format!("{}\n{mark}^", line(&typed[from..until])))
}

/// What is wrong with a wish, and what to write instead.
fn wish_fault(lang: Lang, error: &WishError) -> String {
    let short = |word: &str| foreign(word, 60);
    match error {
        WishError::Empty => t(
            lang,
            "welche Alarme? Schreib `alles`, `kritisch` oder einen Namen wie `jellyfin`.",
            "which alerts? Write `everything`, `critical`, or a name such as `jellyfin`.",
        )
        .to_owned(),
        WishError::Matcher(error) => matcher_fault(lang, &error.fault),
        WishError::Unexpected { word, .. } => match (lang, short(word)) {
            (Lang::De, word) => format!("`{word}` sagt mir hier nichts."),
            (Lang::En, word) => format!("`{word}` means nothing here."),
        },
        WishError::Incomplete { clause, .. } => match (lang, word(lang, *clause), example(lang, *clause)) {
            (Lang::De, word, example) => format!("bei `{word}` fehlt etwas; schreib etwa `{example}`."),
            (Lang::En, word, example) => format!("`{word}` needs more; write such as `{example}`."),
        },
        WishError::Twice { clause, .. } => match (lang, word(lang, *clause)) {
            (Lang::De, word) => format!("`{word}` steht schon da; einmal reicht."),
            (Lang::En, word) => format!("`{word}` stands there already; say it once."),
        },
        WishError::Time { word, clause, .. } => match (lang, short(word), example(lang, *clause)) {
            (Lang::De, word, example) => format!("`{word}` ist keine Uhrzeit; schreib etwa `{example}`."),
            (Lang::En, word, example) => format!("`{word}` is no time of day; write such as `{example}`."),
        },
        WishError::NoHours { .. } => t(
            lang,
            "die Ruhezeit braucht zwei verschiedene Uhrzeiten; schreib etwa `ruhe 22:00-07:00`.",
            "quiet hours need two different times; write such as `quiet 22:00-07:00`.",
        )
        .to_owned(),
        WishError::Zone { name, .. } => match (lang, short(name)) {
            (Lang::De, name) => format!("`{name}` ist keine Zeitzone; schreib etwa `Europe/Berlin`."),
            (Lang::En, name) => format!("`{name}` is no time zone; write such as `Europe/Berlin`."),
        },
        WishError::Severity { word, .. } => no_severity(lang, word),
        WishError::Duration { word, .. } => match (lang, short(word)) {
            (Lang::De, word) => format!(
                "`{word}` ist keine Zeit zwischen einer Minute und 30 Tagen; schreib etwa `wiederholen 2h` oder `wiederholen nie`."
            ),
            (Lang::En, word) => format!(
                "`{word}` is no time between one minute and 30 days; write such as `repeat 2h`, or `repeat never`."
            ),
        },
        WishError::UnlessWithoutQuiet { .. } => t(
            lang,
            "`unless` gehört zu einer Ruhezeit; schreib etwa `ruhe 22:00-07:00 außer bei kritisch`.",
            "`unless` belongs to quiet hours; write such as `quiet 22:00-07:00 unless critical`.",
        )
        .to_owned(),
    }
}

/// A clause's keyword.
fn word(lang: Lang, clause: Clause) -> &'static str {
    match (lang, clause) {
        (Lang::En, clause) => clause.as_str(),
        (Lang::De, Clause::Except) => "außer",
        (Lang::De, Clause::Quiet) => "ruhe",
        (Lang::De, Clause::Unless) => "unless",
        (Lang::De, Clause::Digest) => "sammeln",
        (Lang::De, Clause::Repeat) => "wiederholen",
    }
}

/// A whole clause.
fn example(lang: Lang, clause: Clause) -> &'static str {
    match (lang, clause) {
        (Lang::En, clause) => clause.example(),
        (Lang::De, Clause::Except) => "außer instance=\"pi4\"",
        (Lang::De, Clause::Quiet) => "ruhe 22:00-07:00",
        (Lang::De, Clause::Unless) => "ruhe 22:00-07:00 unless kritisch",
        (Lang::De, Clause::Digest) => "sammeln um 08:00",
        (Lang::De, Clause::Repeat) => "wiederholen 2h",
    }
}

fn no_severity(lang: Lang, word: &str) -> String {
    match (lang, foreign(word, 60)) {
        (Lang::De, word) => {
            format!("`{word}` ist kein Schweregrad; schreib `info`, `warning`, `error` oder `critical`.")
        }
        (Lang::En, word) => {
            format!("`{word}` is no severity; write `info`, `warning`, `error` or `critical`.")
        }
    }
}

/// What is wrong with a condition, and what to write instead.
fn matcher_fault(lang: Lang, fault: &MatcherFault) -> String {
    let short = |word: &str| foreign(word, 60);
    match fault {
        MatcherFault::NoName => t(
            lang,
            "hier gehört der Name eines Labels hin: Buchstaben, Ziffern und `_`, etwa `job=\"node\"`.",
            "here should be a label's name: letters, digits and `_`, such as `job=\"node\"`.",
        )
        .to_owned(),
        MatcherFault::NoOperator { name } => match (lang, short(name)) {
            (Lang::De, name) => {
                format!("hinter `{name}` kommt `=`, `!=`, `=~` oder `!~`, etwa `{name}=\"…\"`.")
            }
            (Lang::En, name) => {
                format!("after `{name}` comes `=`, `!=`, `=~` or `!~`, such as `{name}=\"…\"`.")
            }
        },
        MatcherFault::WrongOperator { written, instead } => match lang {
            Lang::De => format!("`{written}` vergleicht hier nichts; schreib `{instead}`."),
            Lang::En => format!("`{written}` compares nothing here; write `{instead}`."),
        },
        MatcherFault::NoEnd => t(
            lang,
            "das Anführungszeichen endet nicht; setz `\"` hinter den Wert.",
            "this quote has no end; put `\"` behind the value.",
        )
        .to_owned(),
        MatcherFault::QuoteInside => t(
            lang,
            "ein Anführungszeichen mitten im Wert; setz den ganzen Wert in `\"…\"` und schreib `\\\"` für eines darin.",
            "a quote amid a value; put the whole value into `\"…\"`, and write `\\\"` for one inside.",
        )
        .to_owned(),
        MatcherFault::LooksLikeMatcher { name, value } => match (lang, short(name), short(value)) {
            (Lang::De, name, value) => format!(
                "ist `{value}` der Wert von `{name}`? Schreib `{name}=\"\"` für einen leeren, sonst Anführungszeichen um den Wert."
            ),
            (Lang::En, name, value) => format!(
                "is `{value}` the value of `{name}`? Write `{name}=\"\"` for an empty one, else quotes around the value."
            ),
        },
        MatcherFault::NoOrder { name } => match (lang, short(name)) {
            (Lang::De, name) => format!(
                "nur `severity` lässt sich mit `<` und `>` vergleichen, `{name}` nicht; schreib `{name}=\"…\"`."
            ),
            (Lang::En, name) => format!(
                "only `severity` can be compared with `<` and `>`, not `{name}`; write `{name}=\"…\"`."
            ),
        },
        MatcherFault::NoSeverity { word } => no_severity(lang, word),
        // Why is the regular expression's own English, in both languages.
        MatcherFault::NoPattern { why } => match (lang, foreign(why, 200)) {
            (Lang::De, why) => format!(
                "der reguläre Ausdruck stimmt nicht ({why}); schreib etwa `node.*` oder `pi[0-9]+`."
            ),
            (Lang::En, why) => format!(
                "the regular expression is wrong ({why}); write such as `node.*` or `pi[0-9]+`."
            ),
        },
        MatcherFault::TooLong { most } => match lang {
            Lang::De => format!("das ist zu lang; höchstens {most} Zeichen."),
            Lang::En => format!("that is too long; at most {most} characters."),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::quiet::Zone;
    use crate::alerts::{Matchers, Wish};

    /// One text for each thing that can be wrong.
    const WISHES: [&str; 23] = [
        "",
        "jöb=\"node\"",
        "job-name=x",
        "{job}",
        "job==node",
        "größe job=\"node",
        "job=\"no\"de",
        "job= instance=pi4",
        "job>=node",
        "severity>=loud",
        "über jellyfin job=~\"[\"",
        "alles $",
        "alles außer",
        "alles ruhe",
        "alles ruhe 22-7 unless",
        "alles sammeln",
        "alles ruhe 22:00-25:00",
        "alles ruhe 22:00-22:00",
        "alles ruhe 22:00-07:00 Europe/Bielefeld",
        "alles ruhe 22:00-07:00 unless laut",
        "alles sammeln um 8:00 sammeln um 9:00",
        "alles wiederholen 5s",
        "alles unless kritisch",
    ];

    fn said(lang: Lang) -> String {
        let mut said = String::new();
        for wish in WISHES {
            let text = match Wish::parse(wish, &Zone::system()) {
                Ok(_) => "nothing is wrong".to_owned(),
                Err(error) => wish_wrong(lang, wish, &error).plain().to_owned(),
            };
            let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("```")).collect();
            said.push_str(&format!("── {wish}\n{}\n", lines[..lines.len() - 1].join("\n")));
        }
        let long = "x".repeat(5_000);
        for typed in ["jöb=\"x\"", "größe=\"ä\" job=~\"[\"", &long] {
            let error = Matchers::try_from(typed.to_owned()).expect_err("it is wrong");
            said.push_str(&format!("── silence\n{}\n", matchers_wrong(lang, typed, &error).plain()));
        }
        for why in [Untranslatable::About, Untranslatable::Everything] {
            said.push_str(&format!("── silence\n{}\n", silence_untranslatable(lang, why).plain()));
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
    fn what_is_told_to_write_can_be_read() {
        for lang in Lang::ALL {
            for clause in [Clause::Except, Clause::Quiet, Clause::Unless, Clause::Digest, Clause::Repeat] {
                let quiet = if clause == Clause::Unless && lang == Lang::En { "quiet 22-7 " } else { "" };
                let wish = format!("everything {quiet}{}", example(lang, clause));
                Wish::parse(&wish, &Zone::system()).expect(&wish);
                let bare = format!("everything {}", word(lang, clause));
                assert!(Wish::parse(&bare, &Zone::system()).is_err(), "{bare} is a keyword");
            }
        }
    }

    #[test]
    fn the_mark_stands_under_what_is_wrong() {
        let wish = format!("{}größe von ü job=~\"[\" x=y", "a=b ".repeat(100));
        let error = Wish::parse(&wish, &Zone::system()).expect_err("it is wrong");
        let text = wish_wrong(Lang::En, &wish, &error);
        let lines: Vec<&str> = text.plain().lines().collect();
        let shown = lines.iter().position(|line| line.contains("x=y")).expect("the place");
        let mark = lines[shown + 1].find('^').expect("a mark");
        assert_eq!(lines[shown].chars().skip(mark).take(3).collect::<String>(), "\"[\"", "{}", text.plain());
        let far = WishError::Unexpected { at: 99, word: String::new() };
        assert!(wish_wrong(Lang::En, "ü", &far).plain().contains("ü\n ^"), "behind the end");
        assert!(wish_wrong(Lang::En, "", &far).plain().contains('^'));
    }
}
