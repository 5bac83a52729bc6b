//! Files of images unpacked. How large one is, is known and checked before anything is unpacked.

use std::fmt::Display;
use std::io::Cursor;

use domain::image::{ImageError, ImageType, Size};
use image_webp::WebPDecoder;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::exif::orientation;
use super::pixels::{Colour, Pixels};

/// What a decoder may take for itself beside the pixels: a checked image of 16 bits a channel fits.
const MEMORY: usize = 256 * 1024 * 1024;

/// Unpacks a file, as it is meant to be seen.
pub(super) fn unpacked(file: &[u8], kind: ImageType) -> Result<Pixels, ImageError> {
    match kind {
        ImageType::Png => png(file),
        ImageType::Jpeg => jpeg(file),
        ImageType::WebP => webp(file),
        ImageType::Gif => gif(file),
    }
}

/// What a decoder complains of is the file's fault.
fn broken(_: impl Display) -> ImageError {
    ImageError::Unreadable
}

fn png(file: &[u8]) -> Result<Pixels, ImageError> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: MEMORY });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(broken)?;
    let size = Size::checked(reader.info().width, reader.info().height)?;
    let held = reader.info().exif_metadata.as_deref().map_or(1, orientation);
    let channels = reader.output_color_type().0.samples();
    let mut samples = vec![0; reader.output_buffer_size().ok_or(ImageError::TooLarge)?];
    reader.next_frame(&mut samples).map_err(broken)?;
    Ok(Pixels::new(size, colours(&samples, channels)).turned(held))
}

fn jpeg(file: &[u8]) -> Result<Pixels, ImageError> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(file), options);
    decoder.decode_headers().map_err(broken)?;
    let info = decoder.info().ok_or(ImageError::Unreadable)?;
    let size = Size::checked(info.width.into(), info.height.into())?;
    let held = decoder.exif().map_or(1, |exif| orientation(exif));
    let samples = decoder.decode().map_err(broken)?;
    let channels = decoder.output_colorspace().map_or(0, |space| space.num_components());
    Ok(Pixels::new(size, colours(&samples, channels)).turned(held))
}

fn webp(file: &[u8]) -> Result<Pixels, ImageError> {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(broken)?;
    decoder.set_memory_limit(MEMORY);
    let (width, height) = decoder.dimensions();
    let size = Size::checked(width, height)?;
    let held = decoder.exif_metadata().map_err(broken)?.map_or(1, |exif| orientation(&exif));
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut samples = vec![0; decoder.output_buffer_size().ok_or(ImageError::TooLarge)?];
    decoder.read_image(&mut samples).map_err(broken)?;
    Ok(Pixels::new(size, colours(&samples, channels)).turned(held))
}

/// The first frame, where it stands on the canvas.
fn gif(file: &[u8]) -> Result<Pixels, ImageError> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(file).map_err(broken)?;
    let size = Size::checked(decoder.width().into(), decoder.height().into())?;
    let frame = decoder.next_frame_info().map_err(broken)?.ok_or(ImageError::Unreadable)?;
    let (left, top, wide) = (usize::from(frame.left), usize::from(frame.top), usize::from(frame.width));
    Size::checked(frame.width.into(), frame.height.into())?;
    let mut samples = vec![0; decoder.buffer_size()];
    decoder.read_into_buffer(&mut samples).map_err(broken)?;
    let width = size.width as usize;
    let mut canvas = vec![Colour::default(); width * size.height as usize];
    let rows = canvas.chunks_exact_mut(width).skip(top);
    for (row, drawn) in rows.zip(colours(&samples, 4).chunks_exact(wide)) {
        for (place, colour) in row.iter_mut().skip(left).zip(drawn) {
            *place = *colour;
        }
    }
    Ok(Pixels::new(size, canvas))
}

/// Greys or colours, with opacity or without, as colours.
fn colours(samples: &[u8], channels: usize) -> Vec<Colour> {
    let colour = |samples: &[u8]| match *samples {
        [grey] => [grey, grey, grey, 255],
        [grey, opacity] => [grey, grey, grey, opacity],
        [red, green, blue] => [red, green, blue, 255],
        [red, green, blue, opacity] => [red, green, blue, opacity],
        _ => Colour::default(),
    };
    samples.chunks_exact(channels.max(1)).map(colour).collect()
}
