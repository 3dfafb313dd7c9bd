use std::path::Path;

use tiny_skia::Pixmap;

use super::*;

const MINUTE: i64 = 60_000;
/// 2026-11-21, 20:30 in Berlin.
const UNTIL: i64 = 1_795_289_400_000;
const FROM: i64 = UNTIL - 180 * MINUTE;

fn series(labels: &[(&str, &str)], value: impl Fn(f64) -> Option<f64>) -> Series {
    let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let minutes = (0_u32..=360).map(|half| f64::from(half) / 2.0);
    #[expect(clippy::cast_possible_truncation, reason = "whole half minutes")]
    let points = minutes.filter_map(|at| Some((FROM + (at * 60_000.0) as i64, value(at)?))).collect();
    Series { labels, points }
}

fn chart(series: Vec<Series>) -> Chart {
    Chart {
        title: "InstanceDown".into(),
        expression: "up".into(),
        threshold: None,
        series,
        from_ts: FROM,
        until_ts: UNTIL,
        marks: Vec::new(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
    }
}

/// One disk that fills up, is cleared, and fills up again.
fn one_disk() -> Chart {
    let used = |at: f64| match at {
        80.0..83.0 => None,
        ..120.0 => Some(71.0 + at * 0.15 + (at / 7.0).sin() * 1.2),
        ..140.0 => Some(60.0 + (at / 5.0).cos()),
        _ => Some(60.0 + (at - 140.0) * 0.9 + (at / 4.0).sin()),
    };
    Chart {
        title: "DiskFull – the disk of pi4 fills up".into(),
        expression: "100 - node_filesystem_avail_bytes{mountpoint=\"/\"} / node_filesystem_size_bytes{mountpoint=\"/\"} * 100"
            .into(),
        threshold: Some(85.0),
        marks: vec![(FROM + 94 * MINUTE, true), (FROM + 120 * MINUTE, false), (FROM + 168 * MINUTE, true)],
        ..chart(vec![series(&[("instance", "pi4:9100"), ("mountpoint", "/")], used)])
    }
}

/// Eight machines with memory in use, one of which is growing.
fn many_machines() -> Chart {
    let all = (0_u8..8)
        .map(|i| {
            let name =
                ["nas", "pi4", "node-1", "node-2", "node-3", "media", "router", "backup"][usize::from(i)];
            let base = 4e8 + f64::from(i) * 2.3e8;
            series(&[("instance", name), ("job", "node")], move |at| {
                let wave = (at / (9.0 + f64::from(i)) + f64::from(i)).sin() * 6e7;
                let growth = if i == 0 { (at - 90.0).max(0.0) * 3.4e7 } else { 0.0 };
                (i != 3 || !(40.0..75.0).contains(&at)).then_some(base + wave + growth)
            })
        })
        .collect();
    Chart {
        title: "MemoryGrows".into(),
        expression: "node_memory_Active_bytes".into(),
        threshold: Some(3_221_225_472.0),
        marks: vec![(FROM + 171 * MINUTE, true)],
        ..chart(all)
    }
}

/// A target that answered and does not any more.
fn target_down() -> Chart {
    let up = |at: f64| Some(if at < 133.0 { 1.0 } else { 0.0 });
    let marks = vec![(FROM + 134 * MINUTE, true)];
    let one = series(&[("instance", "127.0.0.1:19399"), ("job", "media")], up);
    Chart { threshold: Some(0.0), marks, ..chart(vec![one]) }
}

/// Compares with the picture that was looked at and committed. Rounding may differ by a little on other machines.
fn same_picture(name: &str, chart: &Chart) {
    let new = png(chart).unwrap();
    assert!(new.png.len() < 100 << 10, "{name} has {} bytes", new.png.len());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/alerts/chart/snapshots");
    let differs = match std::fs::read(folder.join(format!("{name}.png"))) {
        Ok(old) => share_of_different_pixels(&old, &new.png),
        Err(_) => 1.0,
    };
    if differs > 0.0 {
        let beside = folder.join(format!("{name}.new.png"));
        std::fs::write(&beside, &new.png).unwrap();
        panic!(
            "{:.3} % of the pixels of {name} differ: look at {} and rename it if it is right",
            differs * 100.0,
            beside.display()
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of pixels")]
fn share_of_different_pixels(old: &[u8], new: &[u8]) -> f64 {
    let (old, new) = (Pixmap::decode_png(old).unwrap(), Pixmap::decode_png(new).unwrap());
    if (old.width(), old.height()) != (new.width(), new.height()) {
        return 1.0;
    }
    let pixels = old.data().chunks(4).zip(new.data().chunks(4));
    let differ = pixels.filter(|(a, b)| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 8)).count();
    differ as f64 / f64::from(old.width() * old.height())
}

#[test]
fn a_chart_looks_as_it_was_approved() {
    same_picture("one-disk", &one_disk());
}

#[test]
fn a_chart_of_many_looks_as_it_was_approved() {
    same_picture("many-machines", &many_machines());
}

#[test]
fn a_chart_of_a_step_looks_as_it_was_approved() {
    same_picture("target-down", &target_down());
}

#[test]
fn a_chart_of_nothing_looks_as_it_was_approved() {
    same_picture("nothing", &chart(Vec::new()));
}

#[test]
fn the_comparison_sees_a_moved_line() {
    let mut moved = one_disk();
    moved.series[0].points.iter_mut().for_each(|(_, value)| *value += 2.0);
    let share = share_of_different_pixels(&png(&one_disk()).unwrap().png, &png(&moved).unwrap().png);
    assert!((0.001..0.2).contains(&share), "{share}");
}

#[test]
fn all_text_and_lines_can_be_read() {
    fn light(rgb: Rgb) -> f64 {
        let linear = rgb.map(|byte| {
            let part = f64::from(byte) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
    let contrast = |a: Rgb, b: Rgb| {
        let (a, b) = (light(a), light(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    };
    // What fires is shaded in red.
    let shaded: Rgb = std::array::from_fn(|i| PANEL[i] / 10 * 9 + RED[i] / 10);
    for background in [CARD, PANEL, shaded] {
        for colour in LINES.into_iter().chain([BRIGHT, DIM, RED, GREEN]) {
            assert!(contrast(colour, background) >= 4.5, "{colour:?} on {background:?}");
        }
    }
    assert!(contrast(CARD, RED) >= 4.5 && contrast(CARD, GREEN) >= 4.5);
}

#[test]
fn hostile_charts_are_drawn_all_the_same() {
    let nasty = "a\u{202e}\u{0}\n\u{1f525}e\u{301}\u{301}".repeat(1000);
    let odd = |at: f64| Some([f64::NAN, f64::INFINITY, f64::MAX, f64::MIN, 5e-324, -0.0][at as usize % 6]);
    let labelled = |value: &str| series(&[("instance", value), ("x", "y")], odd);
    let charts = [
        Chart {
            title: nasty.clone(),
            expression: nasty.clone(),
            ..chart(vec![labelled(&nasty), labelled("")])
        },
        Chart { threshold: Some(f64::NAN), ..chart(vec![series(&[], |at| (at == 90.0).then_some(3.0))]) },
        Chart { threshold: Some(f64::INFINITY), ..chart(vec![series(&[], |_| Some(f64::NAN))]) },
        Chart { marks: (0..2000).map(|i| (FROM + i * 7919, i % 2 == 0)).collect(), ..chart(Vec::new()) },
        Chart { marks: vec![(i64::MIN, true), (i64::MAX, true)], ..chart(Vec::new()) },
        Chart { from_ts: UNTIL - 1, ..chart(Vec::new()) },
        Chart { from_ts: UNTIL - 20 * 365 * 86_400_000, ..chart(Vec::new()) },
        chart((0..500).map(|i| labelled(&i.to_string())).collect()),
    ];
    for chart in charts {
        let picture = png(&chart).unwrap();
        assert!(picture.png.len() < 100 << 10, "{} bytes", picture.png.len());
        assert_eq!((picture.width, picture.height), (900, 360));
    }
    assert_eq!(png(&Chart { from_ts: UNTIL, ..chart(Vec::new()) }), Err(ChartError::Time));
    assert_eq!(
        png(&Chart { from_ts: i64::MIN, until_ts: i64::MAX, ..chart(Vec::new()) }),
        Err(ChartError::Time)
    );
}

#[test]
fn a_hundred_thousand_points_are_drawn() {
    let noisy = |skip: i64| {
        let points = (0..100_000_i64).map(|i| {
            let value = f64::from(u32::try_from(i * 7919 % 1000).unwrap());
            (FROM + i * 108, if skip > 0 && i % skip == 0 { f64::NAN } else { value })
        });
        Series { labels: [("instance".to_owned(), format!("{skip}"))].into(), points: points.collect() }
    };
    let picture = png(&chart(vec![noisy(0), noisy(3)])).unwrap();
    assert!(picture.png.len() < 300 << 10, "{} bytes", picture.png.len());
}
