//! What a picture is drawn on: shapes by tiny-skia, letters by ab_glyph.

use ab_glyph::{Font as _, FontRef, GlyphId, PxScaleFont, ScaleFont as _};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform,
};

use super::ChartError;

/// Red, green, blue.
pub(super) type Rgb = [u8; 3];

/// How a text stands to its point.
#[derive(Clone, Copy)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// A kind of letters.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) bold: bool,
    pub(super) colour: Rgb,
}

/// An opaque picture that comes to be.
pub(super) struct Canvas {
    pixmap: Pixmap,
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32, background: Rgb) -> Result<Self, ChartError> {
        let mut pixmap = Pixmap::new(width, height).ok_or(ChartError::Picture)?;
        pixmap.fill(colour(background, 1.0));
        let font = |file| FontRef::try_from_slice(file).map_err(|_| ChartError::Picture);
        Ok(Self { pixmap, regular: font(dejavu::sans::regular())?, bold: font(dejavu::sans::bold())? })
    }

    /// The picture as a PNG file.
    pub(super) fn png(&self) -> Result<Vec<u8>, ChartError> {
        self.pixmap.encode_png().map_err(|_| ChartError::Picture)
    }

    /// A filled area between points.
    pub(super) fn area(&mut self, points: &[(f32, f32)], rgb: Rgb, alpha: f32) {
        let Some((first, rest)) = points.split_first() else { return };
        let mut path = PathBuilder::new();
        path.move_to(first.0, first.1);
        rest.iter().for_each(|(x, y)| path.line_to(*x, *y));
        path.close();
        if let Some(path) = path.finish() {
            let paint = paint(rgb, alpha);
            self.pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }

    /// A box with straight edges on whole pixels.
    pub(super) fn block(&mut self, (left, top, right, bottom): (f32, f32, f32, f32), rgb: Rgb, alpha: f32) {
        if let Some(rect) = Rect::from_ltrb(left, top, right, bottom) {
            let mut paint = paint(rgb, alpha);
            paint.anti_alias = false;
            self.pixmap.fill_rect(rect, &paint, Transform::identity(), None);
        }
    }

    /// A box with round corners.
    pub(super) fn round(&mut self, (left, top, right, bottom): (f32, f32, f32, f32), radius: f32, rgb: Rgb) {
        let r = radius.min((right - left) / 2.0).min((bottom - top) / 2.0).max(0.0);
        let mut path = PathBuilder::new();
        path.move_to(left + r, top);
        path.line_to(right - r, top);
        path.quad_to(right, top, right, top + r);
        path.line_to(right, bottom - r);
        path.quad_to(right, bottom, right - r, bottom);
        path.line_to(left + r, bottom);
        path.quad_to(left, bottom, left, bottom - r);
        path.line_to(left, top + r);
        path.quad_to(left, top, left + r, top);
        path.close();
        if let Some(path) = path.finish() {
            let paint = paint(rgb, 1.0);
            self.pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }

    /// A line through points, dashed on request.
    pub(super) fn line(&mut self, points: &[(f32, f32)], width: f32, rgb: Rgb, dashed: bool) {
        let Some((first, rest)) = points.split_first() else { return };
        let mut path = PathBuilder::new();
        path.move_to(first.0, first.1);
        rest.iter().for_each(|(x, y)| path.line_to(*x, *y));
        let dash = if dashed { StrokeDash::new(vec![5.0, 4.0], 0.0) } else { None };
        let cap = if dashed { LineCap::Butt } else { LineCap::Round };
        let stroke = Stroke { width, dash, line_cap: cap, line_join: LineJoin::Round, ..Stroke::default() };
        if let Some(path) = path.finish() {
            self.pixmap.stroke_path(&path, &paint(rgb, 1.0), &stroke, Transform::identity(), None);
        }
    }

    /// A disc.
    pub(super) fn dot(&mut self, (x, y): (f32, f32), radius: f32, rgb: Rgb) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            let paint = paint(rgb, 1.0);
            self.pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }

    /// A text whose letters stand on `y`.
    pub(super) fn text(&mut self, (x, y): (f32, f32), style: Style, align: Align, text: &str) {
        let width = self.width(text, style);
        let mut at = match align {
            Align::Left => x,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width,
        };
        let font = scaled(if style.bold { &self.bold } else { &self.regular }, style.size);
        let mut before = None;
        let mut outlines = Vec::new();
        for id in glyphs(&font, text) {
            at += before.map_or(0.0, |before| font.kern(before, id));
            outlines
                .extend(font.outline_glyph(id.with_scale_and_position(font.scale, ab_glyph::point(at, y))));
            at += font.h_advance(id);
            before = Some(id);
        }
        for outline in outlines {
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, cover| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "pixels")]
                let (px, py) = ((corner.x + dx as f32) as i64, (corner.y + dy as f32) as i64);
                self.blend(px, py, style.colour, cover);
            });
        }
    }

    /// How wide a text gets, in pixels.
    pub(super) fn width(&self, text: &str, style: Style) -> f32 {
        let font = scaled(if style.bold { &self.bold } else { &self.regular }, style.size);
        let mut before = None;
        let mut width = 0.0;
        for id in glyphs(&font, text) {
            width += before.map_or(0.0, |before| font.kern(before, id)) + font.h_advance(id);
            before = Some(id);
        }
        width
    }

    /// As much of a text as has room, with an ellipsis for what has not.
    pub(super) fn fit(&self, text: &str, style: Style, room: f32) -> String {
        if self.width(text, style) <= room {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while kept.pop().is_some() {
            let shorter: String = kept.iter().collect::<String>().trim_end().to_owned() + "…";
            if self.width(&shorter, style) <= room {
                return shorter;
            }
        }
        String::new()
    }

    fn blend(&mut self, x: i64, y: i64, rgb: Rgb, cover: f32) {
        let (width, height) = (i64::from(self.pixmap.width()), i64::from(self.pixmap.height()));
        if !(0..width).contains(&x) || !(0..height).contains(&y) {
            return;
        }
        let Ok(start) = usize::try_from((y * width + x) * 4) else { return };
        let Some(pixel) = self.pixmap.data_mut().get_mut(start..start + 3) else { return };
        let cover = cover.clamp(0.0, 1.0);
        for (old, new) in pixel.iter_mut().zip(rgb) {
            let mixed = f32::from(*old) * (1.0 - cover) + f32::from(new) * cover;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
            let mixed = mixed.round() as u8;
            *old = mixed;
        }
    }
}

/// A font with `size` pixels to the em.
fn scaled<'a>(font: &'a FontRef<'static>, size: f32) -> PxScaleFont<&'a FontRef<'static>> {
    let em = font.units_per_em().unwrap_or(2048.0);
    font.as_scaled(size * font.height_unscaled() / em)
}

/// The letters' pictures; what the font has not is a hollow square.
fn glyphs<'a>(
    font: &'a PxScaleFont<&'a FontRef<'static>>,
    text: &'a str,
) -> impl Iterator<Item = GlyphId> + 'a {
    text.chars().map(|c| match font.glyph_id(c) {
        GlyphId(0) => font.glyph_id('□'),
        id => id,
    })
}

fn colour([red, green, blue]: Rgb, alpha: f32) -> Color {
    let mut colour = Color::from_rgba8(red, green, blue, 255);
    colour.set_alpha(alpha);
    colour
}

fn paint(rgb: Rgb, alpha: f32) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(colour(rgb, alpha));
    paint
}
