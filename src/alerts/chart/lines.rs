//! A series as a line: gaps stay gaps, and no more points than there are pixels.

use super::Plot;
use super::canvas::{Canvas, Rgb};
use crate::alerts::api::Series;

/// Draws a series; `alone` fills what is below it.
pub(super) fn draw(canvas: &mut Canvas, plot: &Plot, series: &Series, colour: Rgb, alone: bool) {
    let mut sorted: Vec<(i64, f64)> =
        series.points.iter().copied().filter(|(ts, _)| (plot.from_ts..=plot.until_ts).contains(ts)).collect();
    sorted.sort_by_key(|(ts, _)| *ts);
    let runs = runs(&sorted);
    let mut last_dot = None;
    for run in runs {
        let points: Vec<(f32, f32)> = run.iter().map(|(ts, value)| (plot.x(*ts), plot.y(*value))).collect();
        let points = thin(&points);
        match points.as_slice() {
            [] => {}
            [dot] => {
                let pixel = Some((dot.0.round(), dot.1.round()));
                if pixel != last_dot {
                    canvas.dot(*dot, 2.5, colour);
                    last_dot = pixel;
                }
            }
            [first, .., last] => {
                if alone {
                    let floor = plot.y(0.0);
                    let mut area = points.clone();
                    area.extend([(last.0, floor), (first.0, floor)]);
                    canvas.area(&area, colour, 0.14);
                }
                canvas.line(&points, 2.0, colour, false);
            }
        }
    }
}

/// The stretches without a gap: a value that is no finite number is one, and a time in which more than two values are missing.
fn runs(points: &[(i64, f64)]) -> Vec<&[(i64, f64)]> {
    let mut steps: Vec<i64> =
        points.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0)).filter(|step| *step > 0).collect();
    steps.sort_unstable();
    let step = steps.get(steps.len() / 2).copied().unwrap_or(i64::MAX);
    let joined = |a: &(i64, f64), b: &(i64, f64)| {
        a.1.is_finite() && b.1.is_finite() && b.0.saturating_sub(a.0) <= step.saturating_mul(5) / 2
    };
    points.chunk_by(joined).filter(|run| run[0].1.is_finite()).collect()
}

/// In each column of pixels only where the line enters, its lowest and highest points, and where it leaves.
fn thin(points: &[(f32, f32)]) -> Vec<(f32, f32)> {
    let mut kept = Vec::new();
    for column in points.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let by_height = |a: &&(f32, f32), b: &&(f32, f32)| a.1.total_cmp(&b.1);
        let ends =
            [column.first(), column.iter().min_by(by_height), column.iter().max_by(by_height), column.last()];
        let mut ends: Vec<(f32, f32)> = ends.into_iter().flatten().copied().collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        ends.dedup();
        kept.extend(ends);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_is_a_gap() {
        let points =
            [(0, 1.0), (10, 1.0), (20, f64::NAN), (30, 2.0), (40, 2.0), (100, 3.0), (110, f64::INFINITY)];
        let lengths: Vec<usize> = runs(&points).iter().map(|run| run.len()).collect();
        assert_eq!(lengths, [2, 2, 1]);
        assert!(runs(&[]).is_empty());
        assert_eq!(runs(&[(5, 1.0)]).len(), 1);
    }

    #[test]
    fn many_points_become_few_and_the_peak_stays() {
        let mut points: Vec<(f32, f32)> = (0_u16..10_000).map(|i| (f32::from(i) / 100.0, 50.0)).collect();
        points[5_055].1 = 3.0;
        let thin = thin(&points);
        assert!(thin.len() <= 400, "{}", thin.len());
        assert!(thin.contains(&points[5_055]));
    }
}
