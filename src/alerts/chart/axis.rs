//! Numbers and times as people read them, and where an axis has its marks.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::ChartError;

/// What an expression's value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Plain,
    Percent,
    Bytes,
    BytesPerSecond,
    Seconds,
    Celsius,
}

impl Unit {
    /// By the conventions for names of metrics; plain in doubt.
    pub(super) fn of(expression: &str) -> Self {
        let bare: String = outside_of_braces(expression).to_lowercase();
        let tight: String = bare.split_whitespace().collect();
        let has = |part: &str| tight.contains(part);
        if has("*100") || has("100*") || has("100-") || has("_percent") {
            Self::Percent
        } else if has("/") || has("count(") || has("absent") || has("changes(") || has("_timestamp_seconds") {
            Self::Plain
        } else if has("rate(") || has("deriv(") {
            if has("_bytes") { Self::BytesPerSecond } else { Self::Plain }
        } else if has("_bytes") {
            Self::Bytes
        } else if has("_seconds") && !has("_time_seconds") || has("time()-") {
            Self::Seconds
        } else if has("_celsius") {
            Self::Celsius
        } else {
            Self::Plain
        }
    }

    /// What a number of this size is divided by, and what is written behind it then.
    fn scale(self, size: f64) -> (f64, String) {
        let pick = |steps: &[(f64, f64, &str)]| {
            let found = steps.iter().find(|(below, _, _)| size < *below);
            found.map(|(_, factor, suffix)| (*factor, (*suffix).to_owned()))
        };
        let binary = |per: &str| {
            let k = exponent(size, 1024.0).clamp(0, 6);
            let name = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"][usize::try_from(k).unwrap_or(0)];
            (1024f64.powi(k), format!(" {name}{per}"))
        };
        let found = match self {
            Self::Percent => pick(&[(1e6, 1.0, " %")]),
            Self::Celsius => pick(&[(1e6, 1.0, " °C")]),
            Self::Bytes => (size < 1e20).then(|| binary("")),
            Self::BytesPerSecond => (size < 1e20).then(|| binary("/s")),
            Self::Seconds if size == 0.0 => Some((1.0, " s".to_owned())),
            Self::Seconds => pick(&[
                (1e-3, 1e-6, " µs"),
                (1.0, 1e-3, " ms"),
                (120.0, 1.0, " s"),
                (7200.0, 60.0, " min"),
                (172_800.0, 3600.0, " h"),
                (1e12, 86_400.0, " d"),
            ]),
            Self::Plain => None,
        };
        found.unwrap_or_else(|| plain(size))
    }

    /// A single number, to three digits.
    pub(super) fn show(self, value: f64) -> String {
        if !value.is_finite() {
            return if value.is_nan() {
                "–".into()
            } else {
                if value > 0.0 { "∞" } else { "−∞" }.into()
            };
        }
        let (factor, suffix) = self.scale(value.abs());
        let scaled = value / factor;
        let digits = usize::try_from(2 - exponent(scaled.abs(), 10.0)).unwrap_or(0).min(6);
        let mut number = format!("{scaled:.digits$}");
        if number.contains('.') {
            number.truncate(number.trim_end_matches('0').trim_end_matches('.').len());
        }
        format!("{}{suffix}", number.replace('-', "−"))
    }
}

fn plain(size: f64) -> (f64, String) {
    let k = if size == 0.0 || (1e-3..1e4).contains(&size) { 0 } else { exponent(size, 1000.0) };
    let name = match k {
        -2 => "µ",
        -1 => "m",
        0 => "",
        1 => "k",
        2 => "M",
        3 => "G",
        4 => "T",
        _ => return (10f64.powi(3 * k), format!("e{}", 3 * k)),
    };
    (1000f64.powi(k), name.to_owned())
}

/// The largest power of the base that is not above `size`.
fn exponent(size: f64, base: f64) -> i32 {
    if size <= 0.0 {
        return 0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm of an f64 is small")]
    let k = (size.ln() / base.ln() + 1e-9).floor() as i32;
    k.clamp(-100, 102)
}

/// The text without what stands in braces or quotes.
fn outside_of_braces(expression: &str) -> String {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut kept = String::new();
    for c in expression.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth = depth.saturating_sub(1),
            (None, c) if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// An axis of values.
#[derive(Debug)]
pub(super) struct Values {
    /// Its lower end.
    pub(super) low: f64,
    /// Its upper end.
    pub(super) high: f64,
    /// Its marks, from below.
    pub(super) marks: Vec<(f64, String)>,
}

/// An axis for values from `low` to `high`; `whole` when all are whole numbers.
pub(super) fn values(low: f64, high: f64, whole: bool, unit: Unit) -> Values {
    // Beyond these an f64 has no room left to reckon with.
    let bounded = |end: f64| if end.abs() < 1e-90 { 0.0 } else { end.clamp(-1e290, 1e290) };
    let (mut low, mut high) = (bounded(low), bounded(high));
    let size = low.abs().max(high.abs());
    if low > 0.0 && (low < high * 0.7 || high - low <= size * 1e-6) {
        low = 0.0;
    }
    if high < 0.0 && (high > low * 0.7 || high - low <= size * 1e-6) {
        high = 0.0;
    }
    if high - low <= size * 1e-6 {
        high = low + 1.0;
    }
    let (factor, suffix) = unit.scale(low.abs().max(high.abs()));
    let (from, to) = (low / factor, high / factor);
    let mut step = nice((to - from) / 4.0);
    if whole && unit == Unit::Plain && factor <= 1.0 {
        step = step.max(1.0);
    }
    let (first, last) = ((from / step + 1e-9).floor(), (to / step - 1e-9).ceil());
    let digits = (0..6).find(|d| {
        let shifted = step * 10f64.powi(*d);
        (shifted - shifted.round()).abs() < 1e-6
    });
    let digits = usize::try_from(digits.unwrap_or(6)).unwrap_or(0);
    let marks = (0..=12)
        .map(|i| (first + f64::from(i)) * step)
        .take_while(|at| *at <= (last + 0.5) * step)
        .map(|at| (at * factor, format!("{:.digits$}{suffix}", at + 0.0).replace('-', "−")))
        .collect();
    Values { low: first * step * factor, high: last * step * factor, marks }
}

/// The next 1, 2 or 5 with zeros.
fn nice(step: f64) -> f64 {
    let power = 10f64.powi(exponent(step, 10.0));
    let lead = step / power;
    power * [1.0, 2.0, 5.0].into_iter().find(|nice| lead <= nice * 1.0001).unwrap_or(10.0)
}

/// Steps of a time axis, seconds.
const STEPS: [i64; 19] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800];

/// The marks of a time axis: milliseconds since the epoch, and what stands there in the zone's time.
///
/// # Errors
/// When a time is outside of the calendar.
pub(super) fn times(from_ts: i64, until_ts: i64, zone: &TimeZone) -> Result<Vec<(i64, String)>, ChartError> {
    let span = (until_ts - from_ts) / 1000;
    let long = (span / 8 / 86_400 + 1) * 86_400;
    let step = STEPS.into_iter().find(|step| span / step <= 8).unwrap_or(long);
    let start = Timestamp::from_millisecond(from_ts).map_err(|_| ChartError::Time)?;
    let offset = i64::from(zone.to_offset(start).seconds());
    let first = (from_ts.div_euclid(1000) + offset + step - 1).div_euclid(step) * step - offset;
    (0..=9)
        .map(|i| (first + i * step) * 1000)
        .take_while(|at| *at <= until_ts)
        .map(|at| Ok((at, time(at, zone, step)?)))
        .collect()
}

/// A time of day, as exactly as the step wants it; midnight is the day.
pub(super) fn time(at: i64, zone: &TimeZone, step: i64) -> Result<String, ChartError> {
    let at = Timestamp::from_millisecond(at).map_err(|_| ChartError::Time)?.to_zoned(zone.clone());
    let midnight = at.time() == jiff::civil::Time::midnight();
    let form = match step {
        _ if midnight || step >= 86_400 => "%d.%m.",
        60.. => "%H:%M",
        _ => "%H:%M:%S",
    };
    Ok(at.strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(low: f64, high: f64, whole: bool, unit: Unit) -> Vec<String> {
        values(low, high, whole, unit).marks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn an_axis_has_round_numbers_with_their_unit() {
        assert_eq!(marks(0.0, 1.0, true, Unit::Plain), ["0", "1"]);
        assert_eq!(marks(0.0, 1.0, false, Unit::Plain), ["0.0", "0.5", "1.0"]);
        assert_eq!(marks(12.0, 97.0, false, Unit::Percent), ["0 %", "50 %", "100 %"]);
        assert_eq!(marks(0.0, 3.5e9, false, Unit::Bytes), ["0 GiB", "1 GiB", "2 GiB", "3 GiB", "4 GiB"]);
        assert_eq!(marks(0.0, 0.25, false, Unit::Seconds), ["0 ms", "100 ms", "200 ms", "300 ms"]);
        assert_eq!(marks(-2500.0, 22_000.0, false, Unit::Plain), ["−10k", "0k", "10k", "20k", "30k"]);
        assert_eq!(marks(5.0, 5.0, true, Unit::Plain), ["0", "2", "4", "6"]);
    }

    #[test]
    fn any_pair_of_numbers_makes_an_axis() {
        let ends = [0.0, -0.0, 1e-300, 1.0, 1.0 + 1e-15, 1e15, 1e300, f64::MAX, f64::MIN, -1.0, 5e-324];
        for low in ends {
            for high in ends.into_iter().filter(|high| *high >= low) {
                for unit in [Unit::Plain, Unit::Bytes, Unit::Seconds, Unit::Percent, Unit::BytesPerSecond] {
                    let axis = values(low, high, false, unit);
                    assert!((2..=13).contains(&axis.marks.len()), "{low} {high} {unit:?}: {axis:?}");
                    assert!(
                        axis.low < axis.high && (axis.high - axis.low).is_finite(),
                        "{low} {high}: {axis:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_number_alone_has_three_digits() {
        let shown = [
            (Unit::Plain.show(0.0), "0"),
            (Unit::Plain.show(-1.0), "−1"),
            (Unit::Plain.show(0.123_456), "0.123"),
            (Unit::Plain.show(1234.0), "1234"),
            (Unit::Plain.show(12_345_678.0), "12.3M"),
            (Unit::Plain.show(1e18), "1e18"),
            (Unit::Percent.show(15.716), "15.7 %"),
            (Unit::Bytes.show(1536.0), "1.5 KiB"),
            (Unit::BytesPerSecond.show(2.5e6), "2.38 MiB/s"),
            (Unit::Seconds.show(90.0), "90 s"),
            (Unit::Seconds.show(604_800.0), "7 d"),
            (Unit::Plain.show(f64::INFINITY), "∞"),
            (Unit::Plain.show(f64::NAN), "–"),
        ];
        for (shown, expected) in shown {
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn the_unit_comes_from_the_name() {
        let units = [
            ("up", Unit::Plain),
            ("node_memory_MemAvailable_bytes", Unit::Bytes),
            ("node_filesystem_avail_bytes{mountpoint=\"/\"} / node_filesystem_size_bytes", Unit::Plain),
            ("node_filesystem_avail_bytes / node_filesystem_size_bytes * 100", Unit::Percent),
            ("100 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[5m])) * 100", Unit::Percent),
            ("rate(node_network_receive_bytes_total[5m])", Unit::BytesPerSecond),
            ("rate(process_cpu_seconds_total[5m])", Unit::Plain),
            ("time() - node_boot_time_seconds", Unit::Seconds),
            ("scrape_duration_seconds{job=\"a/b\"}", Unit::Seconds),
            ("node_hwmon_temp_celsius", Unit::Celsius),
            ("count(node_memory_bytes)", Unit::Plain),
        ];
        for (expression, unit) in units {
            assert_eq!(Unit::of(expression), unit, "{expression}");
        }
    }

    #[test]
    fn times_are_round_in_the_zone_and_midnight_is_a_day() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let until: Timestamp = "2026-11-21T23:40:00Z".parse().unwrap();
        let until = until.as_millisecond();
        let marks = times(until - 3 * 3_600_000, until, &zone).unwrap();
        let texts: Vec<&str> = marks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["22:00", "22:30", "23:00", "23:30", "22.11.", "00:30"]);
        assert!(times(i64::MIN / 4, until, &zone).is_err());
    }
}
