//! Secrets are named in many ways: "postgres-password" is also "das Passwort von Postgres".

/// The parts of a secret's name.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) name: String,
    own: Vec<String>,
}

/// Words that are written in several ways; the first of each row stands for all.
const SAME: [&[&str]; 8] = [
    &[
        "password",
        "passwort",
        "passwoerter",
        "kennwort",
        "passwords",
        "pw",
        "passwd",
        "pass",
        "passphrase",
        "passworts",
    ],
    &["key", "keys", "schluessel", "schlussel", "schluessels"],
    &["token", "tokens", "apitoken"],
    &["db", "datenbank", "database"],
    &["wifi", "wlan", "wireless", "wi"],
    &["admin", "administrator", "root"],
    &["secret", "geheimnis", "secrets", "zugangsdaten", "credentials", "credential", "zugang", "login"],
    &["cert", "zertifikat", "certificate"],
];

/// Parts that say what sort of secret it is, not whose.
fn is_sort(part: &str) -> bool {
    matches!(part, "psk" | "password" | "key" | "token" | "secret" | "cert")
}

/// "datenbankpasswort" is "datenbank" and "passwort".
fn taken_apart(word: &str) -> Vec<&str> {
    const SORTS: [&str; 9] = [
        "passwort",
        "kennwort",
        "password",
        "schluessel",
        "schlussel",
        "token",
        "key",
        "zertifikat",
        "passworts",
    ];
    let cut = SORTS.iter().find_map(|sort| word.strip_suffix(sort).filter(|rest| rest.len() > 1));
    match cut {
        Some(rest) => {
            vec![rest.strip_suffix('s').filter(|r| r.len() > 5).unwrap_or(rest), &word[rest.len()..]]
        }
        None => vec![word],
    }
}

fn canonical(word: &str) -> &str {
    SAME.iter().find(|row| row.contains(&word)).map_or(word, |row| row[0])
}

impl Secret {
    pub(crate) fn new(name: &str) -> Self {
        let own: Vec<String> = crate::text::tokens(name)
            .iter()
            .map(|t| canonical(&t.norm).to_owned())
            .filter(|p| p != "fi")
            .collect();
        Self { name: name.to_owned(), own }
    }
}

/// How well words name a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Whose it is was said, and that it is a secret.
    Owner,
    /// All its parts were said.
    Whole,
}

/// The secrets that a stretch of words names: none when a word of it belongs to no secret.
pub(crate) fn find<'a>(secrets: &'a [Secret], words: &[&str]) -> Vec<(&'a Secret, Fit)> {
    let said: Vec<&str> =
        words.iter().flat_map(|w| taken_apart(w)).map(canonical).filter(|w| !is_connector(w)).collect();
    if said.is_empty() {
        return Vec::new();
    }
    let has_sort = said.iter().any(|w| is_sort(w) || *w == "db" || *w == "admin");
    let mut found: Vec<(&Secret, Fit)> = secrets
        .iter()
        .filter_map(|secret| {
            let owner = secret.own.first()?;
            let known = |w: &&str| secret.own.iter().any(|p| p == w) || is_sort(w);
            if !said.iter().all(known) || !said.iter().any(|w| w == owner) {
                return None;
            }
            let rest: Vec<&String> = secret.own.iter().filter(|p| !is_sort(p)).collect();
            // "wireguard-token" is not "wireguard-key": a sort that contradicts is another secret.
            let sorts: Vec<&String> = secret.own.iter().filter(|p| is_sort(p)).collect();
            let clash = said.iter().any(|w| {
                is_sort(w)
                    && *w != "secret"
                    && !sorts.is_empty()
                    && !sorts.iter().any(|s| s == w || (*s == "psk" && matches!(*w, "password" | "key")))
            });
            if clash {
                return None;
            }
            let whole = rest.iter().all(|p| said.contains(&p.as_str()))
                && (sorts.is_empty() || said.iter().any(|w| is_sort(w)));
            match (whole, has_sort) {
                (true, _) if said.len() > 1 || secret.own.len() == 1 => Some((secret, Fit::Whole)),
                (_, true) => Some((secret, Fit::Owner)),
                _ => None,
            }
        })
        .collect();
    if found.iter().any(|f| f.1 == Fit::Whole) {
        found.retain(|f| f.1 == Fit::Whole);
    }
    found
}

/// Words that may stand between the parts of a secret's name.
pub(crate) fn is_connector(word: &str) -> bool {
    matches!(
        word,
        "von"
            | "vom"
            | "der"
            | "des"
            | "die"
            | "das"
            | "den"
            | "dem"
            | "fuer"
            | "fur"
            | "of"
            | "for"
            | "the"
            | "zu"
            | "zum"
            | "fi"
            | "fuers"
            | "furs"
            | "my"
            | "our"
            | "unser"
            | "mein"
            | "user"
            | "api"
            | "access"
            | "meine"
            | "meinen"
            | "unsere"
            | "unseren"
            | "unserem"
            | "meinem"
            | "ne"
            | "s"
            | "benutzer"
            | "im"
            | "in"
    )
}

/// Whether a word can belong to a secret's name at all.
pub(crate) fn is_part(secrets: &[Secret], word: &str) -> bool {
    taken_apart(word)
        .into_iter()
        .map(canonical)
        .all(|part| is_sort(part) || secrets.iter().any(|s| s.own.iter().any(|p| p == part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_by_their_parts() {
        let secrets: Vec<Secret> =
            ["postgres-password", "wifi-psk", "grafana-admin", "nextcloud-db", "restic-key", "gitea-token"]
                .map(Secret::new)
                .to_vec();
        let names = |text: &str| -> Vec<String> {
            let words: Vec<&str> = text.split(' ').collect();
            find(&secrets, &words).iter().map(|f| f.0.name.clone()).collect()
        };
        assert_eq!(names("postgres passwort"), ["postgres-password"]);
        assert_eq!(names("passwort der nextcloud datenbank"), ["nextcloud-db"]);
        assert_eq!(names("wlan passwort"), ["wifi-psk"]);
        assert_eq!(names("admin passwort von grafana"), ["grafana-admin"]);
        assert_eq!(names("grafana admin"), ["grafana-admin"]);
        assert_eq!(names("restic key"), ["restic-key"]);
        assert_eq!(names("datenbankpasswort von nextcloud"), ["nextcloud-db"]);
        assert_eq!(names("wlanpasswort"), ["wifi-psk"]);
        assert_eq!(names("gitea api token"), ["gitea-token"]);
        assert_eq!(names("gitea passwort"), Vec::<String>::new());
        assert_eq!(names("gitea"), Vec::<String>::new());
        assert_eq!(names("key"), Vec::<String>::new());
    }
}
