//! Images that people upload: what may come in, and what becomes of it. Pixels are read and written elsewhere.

/// The longest file.
pub const MOST_BYTES: u64 = 10 * 1024 * 1024;
/// The most megapixels that are unpacked.
pub const MOST_MEGAPIXELS: u32 = 25;

codes! {
    /// The types of images that are taken.
    pub enum ImageType {
        /// PNG
        Png = "image/png",
        /// JPEG
        Jpeg = "image/jpeg",
        /// WebP
        WebP = "image/webp",
        /// GIF, of which the first frame counts
        Gif = "image/gif",
    }
}

/// Why a file makes no image of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// A drawing that may run scripts and load what it likes.
    #[error("save the drawing as PNG, JPEG, WebP or GIF: SVG is not taken, since it can carry programs")]
    Svg,
    /// It isn't what it was announced as.
    #[error("the file is not of the type that it was announced as: save it anew as PNG, JPEG, WebP or GIF")]
    TypeMismatch,
    /// It unpacks to more than [`MOST_MEGAPIXELS`].
    #[error("make the image smaller")]
    TooLarge,
    /// It ends too early, or is none of the types.
    #[error("the file is damaged or no image: save it anew as PNG, JPEG, WebP or GIF")]
    Unreadable,
}

impl ImageType {
    /// What the file's first bytes say it is.
    ///
    /// # Errors
    /// [`ImageError::Svg`], or [`ImageError::Unreadable`] when it is none of the types.
    pub fn of(bytes: &[u8]) -> Result<Self, ImageError> {
        const BEGINNINGS: [(&[u8], ImageType); 4] = [
            (b"\x89PNG\r\n\x1a\n", ImageType::Png),
            (b"\xff\xd8\xff", ImageType::Jpeg),
            (b"GIF87a", ImageType::Gif),
            (b"GIF89a", ImageType::Gif),
        ];
        if let Some((_, kind)) = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
            return Ok(*kind);
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Ok(Self::WebP);
        }
        let beginning = String::from_utf8_lossy(bytes.get(..1024).unwrap_or(bytes)).to_lowercase();
        Err(if beginning.contains("<svg") { ImageError::Svg } else { ImageError::Unreadable })
    }

    /// The file's type, which is the one it was announced as.
    ///
    /// # Errors
    /// As [`Self::of`]; [`ImageError::TypeMismatch`] when it is another.
    pub fn as_announced(bytes: &[u8], announced: &str) -> Result<Self, ImageError> {
        let kind = Self::of(bytes)?;
        if kind.code() == announced { Ok(kind) } else { Err(ImageError::TypeMismatch) }
    }
}

/// How many pixels there are across and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

impl Size {
    /// A size that may be unpacked.
    ///
    /// # Errors
    /// [`ImageError::TooLarge`], or [`ImageError::Unreadable`] when there is nothing to unpack.
    pub fn checked(width: u32, height: u32) -> Result<Self, ImageError> {
        match u64::from(width) * u64::from(height) {
            0 => Err(ImageError::Unreadable),
            pixels if pixels > u64::from(MOST_MEGAPIXELS) * 1_000_000 => Err(ImageError::TooLarge),
            _ => Ok(Self { width, height }),
        }
    }
}

/// What an upload is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Picture {
    /// The agency's logo, for everybody.
    Logo,
    /// A worker's photo, for their colleagues and clients.
    Photo,
}

/// Which part of an image is taken, and how large it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The first column that is taken.
    pub left: u32,
    /// The first row.
    pub top: u32,
    /// How much is taken.
    pub of: Size,
    /// What it becomes.
    pub to: Size,
}

impl Picture {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Logo, Self::Photo];

    /// The type it is kept as: a logo keeps its transparency.
    #[must_use]
    pub const fn kind(self) -> ImageType {
        match self {
            Self::Logo => ImageType::Png,
            Self::Photo => ImageType::Jpeg,
        }
    }

    /// What becomes of an image of that size: a logo fits into 800 × 240 and is never made larger, a photo is the square in
    /// the middle, 400 × 400.
    #[must_use]
    pub fn cut(self, Size { width, height }: Size) -> Cut {
        match self {
            Self::Logo => {
                // The side that is too long by more decides; each then is what the other leaves it.
                let by_width = u64::from(width) * 240 >= u64::from(height) * 800;
                let (most, side) = if by_width { (800, width) } else { (240, height) };
                let scaled = |length: u32| {
                    let scaled = (u64::from(length) * most + u64::from(side) / 2) / u64::from(side);
                    u32::try_from(scaled).unwrap_or(u32::MAX).clamp(1, length)
                };
                let to = Size { width: scaled(width), height: scaled(height) };
                Cut { left: 0, top: 0, of: Size { width, height }, to }
            }
            Self::Photo => {
                let side = width.min(height);
                let of = Size { width: side, height: side };
                let to = Size { width: 400, height: 400 };
                Cut { left: (width - side) / 2, top: (height - side) / 2, of, to }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_with_whatever_it_is_called() {
        for (bytes, kind) in [
            (&b"\x89PNG\r\n\x1a\n..."[..], Ok(ImageType::Png)),
            (b"\xff\xd8\xff\xe0...", Ok(ImageType::Jpeg)),
            (b"GIF89a...", Ok(ImageType::Gif)),
            (b"RIFF....WEBPVP8 ", Ok(ImageType::WebP)),
            (b"RIFF....WAVEfmt ", Err(ImageError::Unreadable)),
            (b"<svg onload=\"alert(1)\"/>", Err(ImageError::Svg)),
            (b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- x -->\n<SVG/>", Err(ImageError::Svg)),
            (b"<html><script>alert(1)</script>", Err(ImageError::Unreadable)),
            (b"%PDF-1.7", Err(ImageError::Unreadable)),
            (b"", Err(ImageError::Unreadable)),
        ] {
            assert_eq!(ImageType::of(bytes), kind, "{}", bytes.escape_ascii());
        }
        assert_eq!(ImageType::as_announced(b"GIF89a", "image/gif"), Ok(ImageType::Gif));
        assert_eq!(ImageType::as_announced(b"GIF89a", "image/png"), Err(ImageError::TypeMismatch));
        assert_eq!(ImageType::as_announced(b"<svg/>", "image/png"), Err(ImageError::Svg));
    }

    #[test]
    fn what_would_fill_the_memory_is_never_unpacked() {
        assert_eq!(Size::checked(5000, 5000), Ok(Size { width: 5000, height: 5000 }));
        for (width, height) in [(5001, 5000), (50_000_000, 1), (u32::MAX, u32::MAX)] {
            assert_eq!(Size::checked(width, height), Err(ImageError::TooLarge));
        }
        assert_eq!(Size::checked(0, 5), Err(ImageError::Unreadable));
    }

    #[test]
    fn a_logo_fits_and_a_photo_is_the_middle() {
        let logo = |width, height| Picture::Logo.cut(Size { width, height }).to;
        for (from, to) in [
            ((1600, 480), (800, 240)),
            ((4000, 400), (800, 80)),
            ((500, 2400), (50, 240)),
            ((120, 60), (120, 60)),
            ((25_000_000, 1), (800, 1)),
            ((1, 25_000_000), (1, 240)),
            ((801, 1), (800, 1)),
        ] {
            assert_eq!(logo(from.0, from.1), Size { width: to.0, height: to.1 }, "{from:?}");
        }
        let photo = |width, height| {
            let Cut { left, top, of, to } = Picture::Photo.cut(Size { width, height });
            assert_eq!((to.width, to.height, of.width), (400, 400, of.height));
            (left, top, of.width)
        };
        assert_eq!(
            [photo(900, 600), photo(600, 901), photo(1, 1)],
            [(150, 0, 600), (0, 150, 600), (0, 0, 1)]
        );
    }
}
