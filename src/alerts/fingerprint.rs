//! The name of an alert by its labels, as Prometheus makes it.

use super::Labels;

/// Prometheus' `LabelSet.Fingerprint`: FNV-1a of 64 bits over the labels in order of their names, a byte `0xff` after each name
/// and each value; sixteen hexadecimal digits.
///
/// Source: <https://github.com/prometheus/common/blob/main/model/labelset.go>
pub fn fingerprint(labels: &Labels) -> String {
    let hash = labels.iter().fold(OFFSET, |hash, (name, value)| {
        let hash = add(add(hash, name.as_bytes()), SEPARATOR);
        add(add(hash, value.as_bytes()), SEPARATOR)
    });
    format!("{hash:016x}")
}

/// FNV-1a of 64 bits, sixteen hexadecimal digits.
pub(super) fn hash(text: &str) -> String {
    format!("{:016x}", add(OFFSET, text.as_bytes()))
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;
const SEPARATOR: &[u8] = &[0xff];

fn add(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_one_that_alertmanager_sent() {
        let labels = [
            ("severity", "critical"),
            ("alertname", "NodeDown"),
            ("job", "node"),
            ("cluster", "lab"),
            ("instance", "127.0.0.1:29100"),
        ];
        let labels: Labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(fingerprint(&labels), "22b73fa70feff810");
    }

    #[test]
    fn no_labels_have_prometheus_empty_signature() {
        assert_eq!(fingerprint(&Labels::new()), "cbf29ce484222325");
    }
}
