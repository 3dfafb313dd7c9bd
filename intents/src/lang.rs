//! German or English.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A language that Ralf speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// German.
    De,
    /// English.
    En,
}

impl Lang {
    /// Both, in the order in which they are tried.
    pub const ALL: [Self; 2] = [Self::De, Self::En];

    /// `de` or `en`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }

    /// The language that folded words look like; nothing when they tell nothing.
    pub(crate) fn guess<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let (mut de, mut en) = (0, 0);
        for word in words {
            if DE.split_ascii_whitespace().any(|w| w == word) || word.contains("sch") || word.ends_with("ung")
            {
                de += 1;
            } else if EN.split_ascii_whitespace().any(|w| w == word) {
                en += 1;
            }
        }
        match de.cmp(&en) {
            std::cmp::Ordering::Greater => Some(Self::De),
            std::cmp::Ordering::Less => Some(Self::En),
            std::cmp::Ordering::Equal => None,
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Lang {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("de") => Ok(Self::De),
            Some("en") => Ok(Self::En),
            _ => Err(format!("`{text}` is neither `de` nor `en`")),
        }
    }
}

const DE: &str = "der die das den dem des ein eine einen einem einer und oder nicht kein keine ist sind war bin hat habe hab ich du wir ihr er sie es \
 mir mich dir dich uns auf aus bei mit nach von vom zu zum zur im am fuer ueber unter seit bitte mal doch wie was wer wo wann warum weshalb wieso \
 welche welcher welches kannst koenntest kann soll sollen muss will moechte neu zurueck stelle stell starte start zeig zeige gib mach mache setz \
 setze alle alles noch schon jetzt gerade heute gestern morgen stunde stunden tage tag woche wochen monat monate monaten danke hallo guten ja nein \
 geht laeuft gibt wird werden wurde wurden wenn dass weil aber auch nur sehr gut schoen dienst dienste anzeigen erklaer erklaere pruefe pruefen \
 loesche entferne installiere sichere sicherung lauft fur uber moglich neustart stand brauche brauchen lass uns";
const EN: &str = "the a an and or not no is are was were am has have had i you we they he she it me my our your on of for from to in at by with about \
 since please how what who where when why which can could would should must will want need show give make set all every now today yesterday \
 tomorrow hour hours day days week weeks month months year years thanks thank hello hi yes does do did dont that this these if but also only very \
 good service services check explain restart reboot remove delete install deploy update upgrade back backup restore run list get tell let logs \
 status scale rotate silence mute subscribe plan scan discover";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_two_apart() {
        assert_eq!(Lang::guess("starte bitte den grafana neu".split(' ')), Some(Lang::De));
        assert_eq!(Lang::guess("please restart the grafana".split(' ')), Some(Lang::En));
        assert_eq!(Lang::guess(["grafana"]), None);
        assert_eq!("de-DE".parse(), Ok(Lang::De));
    }
}
