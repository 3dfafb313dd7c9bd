//! An alert's expression over the last hours as a picture (PNG), drawn here, so that no server has to draw it.
//!
//! The picture is its own dark card: opaque, so that it looks the same on light and dark clients. All text in it is a
//! stranger's or a number; so it needs no language.

mod axis;
mod canvas;
mod expression;
mod lines;
mod names;

use jiff::tz::TimeZone;

use super::api::Series;
use axis::{Unit, Values};
use canvas::{Align, Canvas, Rgb, Style};
pub use expression::{expression, split_threshold};

const WIDTH: u32 = 900;
const HEIGHT: u32 = 360;
/// The most series that are drawn …
const MOST_DRAWN: usize = 30;
/// … and that the legend has room for.
const MOST_NAMED: usize = 6;
/// The most beginnings and ends that are marked.
const MOST_MARKS: usize = 50;

const CARD: Rgb = [0x1b, 0x1f, 0x27];
const PANEL: Rgb = [0x22, 0x27, 0x31];
const GRID: Rgb = [0x36, 0x3d, 0x4a];
const BRIGHT: Rgb = [0xf3, 0xf5, 0xf8];
const DIM: Rgb = [0xab, 0xb4, 0xc2];
const RED: Rgb = [0xff, 0x7b, 0x72];
const GREEN: Rgb = [0x56, 0xd3, 0x8a];
/// Colours of lines, which people with colour-blindness can tell apart.
const LINES: [Rgb; MOST_NAMED] = [
    [0x62, 0xb8, 0xf5],
    [0xf2, 0xb1, 0x34],
    [0x3f, 0xd0, 0xa8],
    [0xf0, 0x9a, 0xcb],
    [0xec, 0xe3, 0x5c],
    [0xb3, 0xa4, 0xf7],
];

const LEFT: f32 = 20.0;
const RIGHT: f32 = 880.0;
const TITLE: Style = Style { size: 17.0, bold: true, colour: BRIGHT };
const SMALL: Style = Style { size: 12.5, bold: false, colour: DIM };
const NAMED: Style = Style { size: 13.0, bold: false, colour: BRIGHT };
const TAG: Style = Style { size: 11.5, bold: true, colour: CARD };

/// What a picture shows.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What it is about.
    pub title: String,
    /// The PromQL behind it.
    pub expression: String,
    /// The value from which on the alert fires.
    pub threshold: Option<f64>,
    /// The values: the most important first. The first 30 are drawn, the first six named.
    pub series: Vec<Series>,
    /// Where the time axis begins, milliseconds since the epoch.
    pub from_ts: i64,
    /// Where it ends, milliseconds since the epoch.
    pub until_ts: i64,
    /// When the alert began (true) and ended (false), milliseconds since the epoch, rising.
    pub marks: Vec<(i64, bool)>,
    /// The zone of the times on the axis.
    pub zone: TimeZone,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file.
    pub png: Vec<u8>,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// The time axis ends before it begins, or is not in the calendar.
    #[error("a chart's times must be in the calendar, the end after the beginning")]
    Time,
    /// The picture could not be made.
    #[error("the picture could not be made")]
    Picture,
}

/// Draws a chart. Takes some milliseconds of computing: call it where that disturbs nobody (`spawn_blocking`).
///
/// # Errors
/// When the chart's times make no axis.
pub fn png(chart: &Chart) -> Result<Picture, ChartError> {
    if chart.until_ts <= chart.from_ts || chart.until_ts.checked_sub(chart.from_ts).is_none() {
        return Err(ChartError::Time);
    }
    let times = axis::times(chart.from_ts, chart.until_ts, &chart.zone)?;
    let unit = Unit::of(&chart.expression);
    let series: Vec<&Series> = chart.series.iter().take(MOST_DRAWN).collect();
    let values = value_axis(chart, &series, unit);
    let mut canvas = Canvas::new(WIDTH, HEIGHT, CARD)?;
    let named = names::names(&series);
    let rows = series.len().min(MOST_NAMED).div_ceil(3);
    let plot = Plot::new(chart, values, &canvas, rows);

    heading(&mut canvas, chart);
    canvas.round((plot.left, plot.top, plot.right, plot.bottom), 6.0, PANEL);
    plot.spans(&mut canvas, chart);
    plot.grid(&mut canvas, chart, &times);
    for (i, one) in series.iter().enumerate().rev() {
        let colour = LINES.get(i).copied().unwrap_or(DIM);
        lines::draw(&mut canvas, &plot, one, colour, series.len() == 1);
    }
    plot.threshold(&mut canvas, chart, unit);
    plot.marks(&mut canvas, chart)?;
    if series.iter().all(|one| one.points.iter().all(|(_, value)| !value.is_finite())) {
        let middle = ((plot.left + plot.right) / 2.0, (plot.top + plot.bottom) / 2.0 + 5.0);
        canvas.text(middle, TITLE, Align::Middle, "∅");
    }
    legend(&mut canvas, chart, &named, unit, rows);
    Ok(Picture { png: canvas.png()?, width: WIDTH, height: HEIGHT })
}

fn value_axis(chart: &Chart, series: &[&Series], unit: Unit) -> Values {
    let seen = series.iter().flat_map(|one| &one.points).map(|(_, value)| *value);
    let mut ends = None;
    let mut whole = true;
    for value in seen.chain(chart.threshold).filter(|value| value.is_finite()) {
        let (low, high) = ends.unwrap_or((value, value));
        ends = Some((value.min(low), value.max(high)));
        whole &= value.fract() == 0.0;
    }
    let (low, high) = ends.unwrap_or((0.0, 1.0));
    axis::values(low, high, whole, unit)
}

fn heading(canvas: &mut Canvas, chart: &Chart) {
    let title = canvas.fit(&names::readable(&chart.title), TITLE, RIGHT - LEFT);
    canvas.text((LEFT, 31.0), TITLE, Align::Left, &title);
    let expression = canvas.fit(&names::readable(&chart.expression), SMALL, RIGHT - LEFT);
    canvas.text((LEFT, 51.0), SMALL, Align::Left, &expression);
}

/// Up to six names with their colours and latest values, three in a row, and how many more there are.
fn legend(canvas: &mut Canvas, chart: &Chart, named: &[String], unit: Unit, rows: usize) {
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let place = |i: usize| {
        let column = (RIGHT - LEFT) / 3.0;
        (LEFT + (i % 3) as f32 * column, HEIGHT as f32 - 15.0 - (rows - 1 - i / 3) as f32 * 20.0, column)
    };
    let latest =
        |one: &Series| one.points.last().map_or_else(|| "–".to_owned(), |(_, value)| unit.show(*value));
    for (i, (name, colour)) in named.iter().zip(LINES).enumerate() {
        let (x, y, column) = place(i);
        canvas.round((x, y - 7.5, x + 16.0, y - 2.5), 2.5, colour);
        let value = latest(&chart.series[i]);
        let room = column - 24.0 - 60.0 - canvas.width(&value, NAMED);
        let name = canvas.fit(name, SMALL, room);
        canvas.text((x + 24.0, y), SMALL, Align::Left, &name);
        let gap = if name.is_empty() { 0.0 } else { canvas.width(&name, SMALL) + 8.0 };
        canvas.text((x + 24.0 + gap, y), NAMED, Align::Left, &value);
    }
    if chart.series.len() > MOST_NAMED {
        let (_, y, _) = place(MOST_NAMED - 1);
        let more = format!("+ {}", chart.series.len() - MOST_NAMED);
        canvas.text((RIGHT, y), SMALL, Align::Right, &more);
    }
}

/// Where values and times lie in the picture.
struct Plot {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    values: Values,
    from_ts: i64,
    until_ts: i64,
}

impl Plot {
    #[expect(clippy::cast_precision_loss, reason = "a handful of pixels")]
    fn new(chart: &Chart, values: Values, canvas: &Canvas, rows: usize) -> Self {
        let labels = values.marks.iter().map(|(_, text)| canvas.width(text, SMALL));
        let left = LEFT + labels.fold(12.0, f32::max).ceil() + 10.0;
        let bottom = HEIGHT as f32 - 38.0 - rows as f32 * 20.0;
        Self {
            left,
            right: RIGHT,
            top: 82.0,
            bottom,
            values,
            from_ts: chart.from_ts,
            until_ts: chart.until_ts,
        }
    }

    /// Where a time is, between the plot's edges.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "pixels")]
    fn x(&self, ts: i64) -> f32 {
        let (from, until) = (self.from_ts as f64, self.until_ts as f64);
        let part = ((ts as f64 - from) / (until - from)).clamp(0.0, 1.0);
        self.left + (self.right - self.left) * part as f32
    }

    /// Where a value is, between the plot's edges.
    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    fn y(&self, value: f64) -> f32 {
        let part = ((value - self.values.low) / (self.values.high - self.values.low)).clamp(0.0, 1.0);
        let (low, high) = (self.bottom - 7.0, self.top + 10.0);
        low + (high - low) * part as f32
    }

    /// The times at which the alert fired, shaded.
    fn spans(&self, canvas: &mut Canvas, chart: &Chart) {
        let mut since = None;
        let end = [(self.until_ts, false)];
        for (ts, firing) in chart.marks.iter().chain(&end) {
            match (since, firing) {
                (None, true) => since = Some(*ts),
                (Some(start), false) => {
                    let (left, right) = (self.x(start).round(), self.x(*ts).round());
                    canvas.block((left, self.top, right.max(left), self.bottom), RED, 0.10);
                    since = None;
                }
                _ => {}
            }
        }
    }

    fn grid(&self, canvas: &mut Canvas, chart: &Chart, times: &[(i64, String)]) {
        for (value, text) in &self.values.marks {
            let y = self.y(*value).round();
            canvas.block((self.left, y, self.right, y + 1.0), GRID, 1.0);
            canvas.text((self.left - 8.0, y + 5.0), SMALL, Align::Right, text);
        }
        let zone = jiff::Timestamp::from_millisecond(chart.until_ts)
            .map(|at| at.to_zoned(chart.zone.clone()).strftime("%Z").to_string())
            .unwrap_or_default();
        let zone_left = self.right - canvas.width(&zone, SMALL) - 10.0;
        canvas.text((self.right, self.bottom + 18.0), SMALL, Align::Right, &zone);
        for (ts, text) in times {
            let x = self.x(*ts).round();
            let half = canvas.width(text, SMALL) / 2.0;
            if x > self.left + 1.0 && x < self.right - 1.0 {
                canvas.block((x, self.top, x + 1.0, self.bottom), GRID, 0.7);
            }
            if x + half < zone_left && x - half > 0.0 {
                canvas.text((x, self.bottom + 18.0), SMALL, Align::Middle, text);
            }
        }
    }

    fn threshold(&self, canvas: &mut Canvas, chart: &Chart, unit: Unit) {
        let Some(limit) = chart.threshold.filter(|limit| limit.is_finite()) else { return };
        let (y, text) = (self.y(limit).round() + 0.5, unit.show(limit));
        canvas.line(&[(self.left, y), (self.right, y)], 1.5, RED, true);
        let right = self.left + canvas.width(&text, TAG) + 12.0;
        canvas.round((self.left, y - 9.0, right, y + 9.0), 4.0, RED);
        canvas.text((self.left + 6.0, y + 4.0), TAG, Align::Left, &text);
    }

    /// A line where the alert began or ended, its time on a tag above.
    fn marks(&self, canvas: &mut Canvas, chart: &Chart) -> Result<(), ChartError> {
        let step = if chart.until_ts - chart.from_ts < 480_000 { 1 } else { 60 };
        let inside = |ts: &i64| (self.from_ts..=self.until_ts).contains(ts);
        let mut free = 0.0;
        for (ts, firing) in chart.marks.iter().filter(|(ts, _)| inside(ts)).take(MOST_MARKS) {
            let colour = if *firing { RED } else { GREEN };
            let x = self.x(*ts).round();
            canvas.block((x - 0.5, self.top - 3.0, x + 1.0, self.bottom), colour, 1.0);
            let text = format!("{} {}", if *firing { "▲" } else { "▼" }, axis::time(*ts, &chart.zone, step)?);
            let half = canvas.width(&text, TAG) / 2.0 + 6.0;
            let middle = x.clamp(self.left + half, self.right - half);
            if middle - half > free {
                let tag = (middle - half, self.top - 21.0, middle + half, self.top - 3.0);
                canvas.round(tag, 4.0, colour);
                canvas.text((middle, self.top - 8.0), TAG, Align::Middle, &text);
                free = middle + half + 3.0;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
