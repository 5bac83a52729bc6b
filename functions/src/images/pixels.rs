//! An unpacked image: turned, cut, made smaller, packed again. What isn't pixels stays behind.

use domain::image::{Cut, ImageType, Size};
use store::Fault;

use crate::context::defect;

/// Red, green, blue and opacity.
pub(super) type Colour = [u8; 4];
/// The same, the colours as much as they are seen, so that they can be added up: each 0 to 255 × 255.
type Light = [u32; 4];

/// An unpacked image, row by row.
pub(super) struct Pixels {
    size: Size,
    colours: Vec<Colour>,
}

impl Pixels {
    pub(super) fn new(size: Size, colours: Vec<Colour>) -> Self {
        Self { size, colours }
    }

    pub(super) const fn size(&self) -> Size {
        self.size
    }

    /// As it was seen by a camera that noted `orientation`, by EXIF.
    pub(super) fn turned(self, orientation: u8) -> Self {
        if orientation == 1 {
            return self;
        }
        let Size { width, height } = self.size;
        let size = if orientation >= 5 { Size { width: height, height: width } } else { self.size };
        let from = |x: u32, y: u32| match orientation {
            2 => (width - 1 - x, y),
            3 => (width - 1 - x, height - 1 - y),
            4 => (x, height - 1 - y),
            5 => (y, x),
            6 => (y, height - 1 - x),
            7 => (width - 1 - y, height - 1 - x),
            _ => (width - 1 - y, x),
        };
        let places = (0..size.height).flat_map(|y| (0..size.width).map(move |x| from(x, y)));
        let colour = |(x, y): (u32, u32)| self.colours.get(y as usize * width as usize + x as usize);
        let colours = places.filter_map(colour).copied().collect();
        Self { size, colours }
    }

    /// The part that is taken, in its new size: each pixel the mean of those it covers.
    pub(super) fn cut(&self, cut: &Cut) -> Self {
        let rows = self.colours.chunks_exact(self.size.width as usize);
        let rows: Vec<Vec<Light>> = rows
            .skip(cut.top as usize)
            .take(cut.of.height as usize)
            .map(|row| {
                let taken = row.iter().skip(cut.left as usize).take(cut.of.width as usize);
                squeezed(&taken.copied().map(light).collect::<Vec<_>>(), cut.to.width as usize)
            })
            .collect();
        let columns: Vec<Vec<Light>> = (0..cut.to.width as usize)
            .map(|x| rows.iter().filter_map(|row| row.get(x)).copied().collect::<Vec<_>>())
            .map(|column| squeezed(&column, cut.to.height as usize))
            .collect();
        let colours = (0..cut.to.height as usize)
            .flat_map(|y| columns.iter().filter_map(move |column| column.get(y)))
            .map(colour)
            .collect();
        Self { size: cut.to, colours }
    }

    /// The image as a file of that type.
    pub(super) fn packed(&self, kind: ImageType) -> Result<Vec<u8>, Fault> {
        match kind {
            ImageType::Jpeg => self.jpeg(),
            _ => self.png(),
        }
    }

    fn png(&self) -> Result<Vec<u8>, Fault> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.size.width, self.size.height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(|error| defect("writing a PNG", error))?;
        let written = writer.write_image_data(self.colours.as_flattened()).and_then(|()| writer.finish());
        written.map_err(|error| defect("writing a PNG", error))?;
        Ok(file)
    }

    /// A JPEG has no transparency: what shows through is white.
    fn jpeg(&self) -> Result<Vec<u8>, Fault> {
        let [width, height] =
            [self.size.width, self.size.height].map(|side| u16::try_from(side).unwrap_or(u16::MAX));
        let opaque: Vec<u8> = self
            .colours
            .iter()
            .flat_map(|[red, green, blue, opacity]| {
                [red, green, blue].map(|channel| {
                    let seen = u32::from(*channel) * u32::from(*opacity) + 255 * (255 - u32::from(*opacity));
                    byte(seen, 255)
                })
            })
            .collect();
        let mut file = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut file, 85);
        let written = encoder.encode(&opaque, width, height, jpeg_encoder::ColorType::Rgb);
        written.map_err(|error| defect("writing a JPEG", error))?;
        Ok(file)
    }
}

fn light([red, green, blue, opacity]: Colour) -> Light {
    let opacity = u32::from(opacity);
    [u32::from(red) * opacity, u32::from(green) * opacity, u32::from(blue) * opacity, 255 * opacity]
}

fn colour([red, green, blue, opacity]: &Light) -> Colour {
    let channel = |light: u32| byte(light * 255, (*opacity).max(1));
    [channel(*red), channel(*green), channel(*blue), byte(*opacity, 255)]
}

fn byte(sum: u32, of: u32) -> u8 {
    u8::try_from((sum + of / 2) / of).unwrap_or(u8::MAX)
}

/// A line of so many pixels, each the mean of what it covers of the given line. Positions are counted in parts of which a
/// pixel of the given line has as many as the new line has pixels: then all of them are whole numbers.
fn squeezed(line: &[Light], to: usize) -> Vec<Light> {
    let from = line.len();
    let mean = |place: usize| {
        let (begin, end) = (place * from, (place + 1) * from);
        let mut sums = [0_usize; 4];
        for (index, light) in line.iter().enumerate().take(end.div_ceil(to)).skip(begin / to) {
            let covered = ((index + 1) * to).min(end) - (index * to).max(begin);
            for (sum, channel) in sums.iter_mut().zip(light) {
                *sum += covered * *channel as usize;
            }
        }
        sums.map(|sum| u32::try_from((sum + from / 2) / from).unwrap_or(u32::MAX))
    };
    (0..to).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 3, height: 2 };

    /// An image whose pixels say by their red where they are: 11, 12, 13 above 21, 22, 23.
    fn numbered() -> Pixels {
        let reds = [11, 12, 13, 21, 22, 23];
        Pixels::new(SIZE, reds.map(|red| [red, 0, 0, 255]).to_vec())
    }

    fn reds(pixels: &Pixels) -> Vec<u8> {
        pixels.colours.iter().map(|[red, ..]| *red).collect()
    }

    #[test]
    fn an_image_is_turned_as_it_was_held() {
        for (orientation, width, expected) in [
            (1, 3, [11, 12, 13, 21, 22, 23]),
            (2, 3, [13, 12, 11, 23, 22, 21]),
            (3, 3, [23, 22, 21, 13, 12, 11]),
            (4, 3, [21, 22, 23, 11, 12, 13]),
            (5, 2, [11, 21, 12, 22, 13, 23]),
            (6, 2, [21, 11, 22, 12, 23, 13]),
            (7, 2, [23, 13, 22, 12, 21, 11]),
            (8, 2, [13, 23, 12, 22, 11, 21]),
        ] {
            let turned = numbered().turned(orientation);
            assert_eq!((turned.size.width, reds(&turned)), (width, expected.to_vec()), "{orientation}");
        }
    }

    #[test]
    fn each_pixel_is_the_mean_of_those_it_covers() {
        let cut = |left, top, of, to| numbered().cut(&Cut { left, top, of, to });
        let size = |width, height| Size { width, height };
        assert_eq!(reds(&cut(0, 0, SIZE, SIZE)), [11, 12, 13, 21, 22, 23]);
        assert_eq!(reds(&cut(1, 0, size(2, 2), size(1, 1))), [18], "of 12, 13, 22 and 23, rounded up");
        assert_eq!(reds(&cut(0, 1, size(3, 1), size(2, 1))), [21, 23], "of 21 and half of 22, and the rest");
        assert_eq!(reds(&cut(2, 1, size(1, 1), size(2, 2))), [23; 4]);
    }

    #[test]
    fn what_is_not_seen_does_not_colour_its_neighbours() {
        let pixels = Pixels::new(Size { width: 2, height: 1 }, vec![[200, 100, 0, 255], [0, 0, 255, 0]]);
        let one = Size { width: 1, height: 1 };
        let mixed = pixels.cut(&Cut { left: 0, top: 0, of: pixels.size, to: one });
        assert_eq!(mixed.colours, [[200, 100, 0, 128]]);
    }
}
