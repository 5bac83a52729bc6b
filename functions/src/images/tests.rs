//! What becomes of files that come from anywhere.

use domain::image::Size;
use png::chunk::ChunkType;

use super::*;

/// Red at the left, transparent at the right: 8 × 4.
fn halves() -> Vec<u8> {
    let half = |x: usize| if x < 4 { [255, 0, 0, 255] } else { [0, 0, 255, 0] };
    (0..32).flat_map(|place| half(place % 8)).collect()
}

fn png_of(width: u32, height: u32, rgba: &[u8], chunks: &[(ChunkType, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    for (name, data) in chunks {
        writer.write_chunk(*name, data).unwrap();
    }
    writer.write_image_data(rgba).unwrap();
    writer.finish().unwrap();
    file
}

fn jpeg_of(width: u16, height: u16, exif: &[u8]) -> Vec<u8> {
    let rgb: Vec<u8> = (0..height)
        .flat_map(|_| (0..width).flat_map(|x| if x < width / 2 { [255, 0, 0] } else { [0, 0, 255] }))
        .collect();
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 95);
    if !exif.is_empty() {
        encoder.add_app_segment(1, [b"Exif\0\0", exif].concat()).unwrap();
    }
    encoder.encode(&rgb, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    file
}

fn webp_of(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    image_webp::WebPEncoder::new(&mut file)
        .encode(rgba, width, height, image_webp::ColorType::Rgba8)
        .unwrap();
    file
}

/// Two frames: the first is one red pixel in the corner at the bottom right.
fn gif_of(width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, width, height, &[255, 0, 0, 0, 0, 255]).unwrap();
    for (left, top, colour) in [(width - 1, height - 1, 0), (0, 0, 1)] {
        let buffer = vec![colour].into();
        let frame = gif::Frame { left, top, width: 1, height: 1, buffer, ..gif::Frame::default() };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    file
}

fn seen(file: &[u8]) -> (Size, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgba);
    (Size { width: info.width, height: info.height }, pixels)
}

fn logo(file: &[u8], announced: &str) -> Result<(Size, Vec<u8>), ImageError> {
    match made(file, announced, Picture::Logo) {
        Ok(made) => Ok(seen(&made)),
        Err(NotMade::Refused(error)) => Err(error),
        Err(NotMade::Fault(fault)) => panic!("{fault}"),
    }
}

#[test]
fn every_type_is_seen_as_it_was_drawn() {
    let drawn = halves();
    let size = Size { width: 8, height: 4 };
    for (file, announced) in [(png_of(8, 4, &drawn, &[]), "image/png"), (webp_of(8, 4, &drawn), "image/webp")]
    {
        let (made, pixels) = logo(&file, announced).unwrap();
        assert_eq!((made, &pixels[..4]), (size, &[255, 0, 0, 255][..]), "{announced}");
        assert_eq!(pixels[7 * 4 + 3], 0, "{announced}: it stays transparent");
    }
    let (made, pixels) = logo(&gif_of(8, 4), "image/gif").unwrap();
    assert_eq!((made, &pixels[..4], &pixels[31 * 4..]), (size, &[0; 4][..], &[255, 0, 0, 255][..]));
    let (made, pixels) = logo(&jpeg_of(16, 8, b""), "image/jpeg").unwrap();
    assert_eq!(made, Size { width: 16, height: 8 });
    assert!(
        pixels[0] > 200 && pixels[2] < 60 && pixels[15 * 4] < 60 && pixels[15 * 4 + 2] > 200,
        "{pixels:?}"
    );
}

#[test]
fn a_photo_is_turned_as_the_camera_was_held_and_nothing_else_is_left_of_what_it_noted() {
    let turned = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0GPS 48.8584 N 2.2945 E";
    let photo = made(&jpeg_of(64, 64, turned), "image/jpeg", Picture::Photo).unwrap();
    assert!(!photo.windows(4).any(|part| part == b"Exif" || part == b"GPS "));
    let pixels = decode::unpacked(&photo, ImageType::Jpeg).unwrap();
    assert_eq!(pixels.size(), Size { width: 400, height: 400 });
    let whole = pixels.packed(ImageType::Png).unwrap();
    let (_, pixels) = seen(&whole);
    let (above, below) = (&pixels[..3], &pixels[399 * 400 * 4..][..3]);
    assert!(above[0] > 200 && below[2] > 200, "the left is above now: {above:?} {below:?}");
}

#[test]
fn what_hides_in_a_file_does_not_come_through() {
    let script = b"<html><script>alert(document.domain)</script>";
    let noted: [(ChunkType, &[u8]); 2] = [
        (png::chunk::tEXt, b"Comment\0<script>alert(1)</script>"),
        (png::chunk::eXIf, b"MM\0*GPS 48.8584 N"),
    ];
    let mut polyglot = png_of(8, 4, &halves(), &noted);
    polyglot.extend(script);
    polyglot.extend(b"PK\x03\x04");
    let mut gif = gif_of(8, 4);
    gif.extend(b"*/=1;alert(1)");
    for (file, announced) in [(polyglot, "image/png"), (gif, "image/gif")] {
        for picture in Picture::ALL {
            let made = made(&file, announced, picture).unwrap();
            for hidden in [&b"script"[..], b"alert", b"PK\x03\x04", b"GPS", b"Comment"] {
                assert!(!made.windows(hidden.len()).any(|part| part == hidden), "{announced} {picture:?}");
            }
        }
    }
}

#[test]
fn files_that_lie_or_are_broken_are_refused_each_by_its_reason() {
    let png = png_of(8, 4, &halves(), &[]);
    let (jpeg, webp) = (jpeg_of(64, 64, b""), webp_of(8, 4, &halves()));
    assert_eq!(logo(&jpeg, "image/png"), Err(ImageError::TypeMismatch));
    assert_eq!(logo(&png, "text/csv"), Err(ImageError::TypeMismatch));
    assert_eq!(logo(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "image/png"), Err(ImageError::Svg));
    for (file, announced) in [(&png, "image/png"), (&jpeg, "image/jpeg"), (&webp, "image/webp")] {
        for length in [12, file.len() / 3, file.len() / 2] {
            assert_eq!(logo(&file[..length], announced), Err(ImageError::Unreadable), "{announced} {length}");
        }
    }
    for announced in ["image/gif", "image/jpeg", "image/webp", "image/png"] {
        let beginning = match announced {
            "image/gif" => &b"GIF89a"[..],
            "image/jpeg" => b"\xff\xd8\xff\xe0",
            "image/webp" => b"RIFF\xff\xff\xff\xffWEBPVP8L",
            _ => b"\x89PNG\r\n\x1a\n",
        };
        let noise: Vec<u8> =
            (0..2_000_u32).flat_map(|seed| (seed.wrapping_mul(2_654_435_761)).to_be_bytes()).collect();
        let file = [beginning, &noise].concat();
        assert!(logo(&file, announced).is_err(), "{announced}");
    }
}

/// A header is enough to be refused: the pixels of these files would take gigabytes.
#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let mut png = png_of(8, 4, &halves(), &[]);
    let mut header = b"IHDR".to_vec();
    header.extend([10_000_u32, 5_000].iter().flat_map(|side| side.to_be_bytes()));
    header.extend([8, 6, 0, 0, 0]);
    let sum = crc32(&header);
    png.splice(12..33, header.into_iter().chain(sum.to_be_bytes()));
    assert_eq!(logo(&png, "image/png"), Err(ImageError::TooLarge));

    let mut gif = gif_of(8, 4);
    gif.splice(6..10, [0xff; 4]);
    assert_eq!(logo(&gif, "image/gif"), Err(ImageError::TooLarge), "a screen of 65,535 × 65,535");

    let mut jpeg = jpeg_of(64, 64, b"");
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg.splice(frame + 5..frame + 9, [0xff; 4]);
    assert_eq!(logo(&jpeg, "image/jpeg"), Err(ImageError::TooLarge));

    // 14 bits each, less one, packed behind the signature of the lossless format.
    let mut webp = b"RIFF\x1e\0\0\0WEBPVP8L\x11\0\0\0\x2f\xfe\xbf\xff\x0f".to_vec();
    webp.resize(38, 0);
    assert_eq!(logo(&webp, "image/webp"), Err(ImageError::TooLarge));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
