//! What series are called: by what tells them apart.

use crate::alerts::api::Series;

/// The most characters that are looked at.
const LONGEST: usize = 300;

/// A name for each series: the values of the labels that they do not all share, with the labels' names where there are many.
pub(super) fn names(series: &[&Series]) -> Vec<String> {
    let shared = |name: &str, value: &str| {
        series.iter().all(|other| other.labels.get(name).is_some_and(|theirs| theirs == value))
    };
    series
        .iter()
        .map(|one| {
            let own: Vec<(&str, &str)> = match series.len() {
                1 => one.labels.get("instance").map(|value| vec![("instance", value.as_str())]),
                _ => None,
            }
            .unwrap_or_else(|| {
                let labels = one.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                labels.filter(|(name, value)| series.len() == 1 || !shared(name, value)).collect()
            });
            let name = if own.len() <= 2 {
                own.iter().map(|(_, value)| *value).collect::<Vec<_>>().join(" · ")
            } else {
                own.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
            };
            readable(&name)
        })
        .collect()
}

/// A stranger's text as one line that can be drawn: no control characters, nothing that changes the direction of writing.
pub(super) fn readable(text: &str) -> String {
    let kept = text.chars().take(LONGEST * 4).filter(|c| {
        !matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    });
    let line: String = kept.map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(labels: &[(&str, &str)]) -> Series {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Series { labels, points: Vec::new() }
    }

    #[test]
    fn what_all_share_is_left_out() {
        let one = series(&[("__name__", "up"), ("job", "node"), ("instance", "pi4:9100")]);
        let two = series(&[("__name__", "up"), ("job", "node"), ("instance", "nas:9100")]);
        let other =
            series(&[("__name__", "up"), ("job", "media"), ("instance", "nas:80"), ("service", "jellyfin")]);
        assert_eq!(names(&[&one, &two]), ["pi4:9100", "nas:9100"]);
        assert_eq!(names(&[&one]), ["pi4:9100"]);
        assert_eq!(
            names(&[&one, &other]),
            ["pi4:9100 · node", "instance=nas:80, job=media, service=jellyfin"]
        );
        assert_eq!(names(&[&series(&[])]), [""]);
    }

    #[test]
    fn a_hostile_text_becomes_one_line() {
        assert_eq!(readable("a\u{202e}b\n\tc\u{0}\u{feff}d"), "ab c d");
        assert_eq!(readable(&"x".repeat(10_000)).len(), LONGEST);
    }
}
