//! Checks and shrinks the images that are stored in `image` fields.

mod text;
mod workbench;

use std::io::Cursor;

use ::image::codecs::jpeg::JpegEncoder;
use ::image::codecs::png::PngEncoder;
use ::image::codecs::webp::WebPEncoder;
use ::image::imageops::FilterType;
use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits, RgbaImage};

pub use text::{Base64Error, decode_base64_lenient, human_size};
pub use workbench::Workbench;

/// The most pixels an image may have: 50 megapixels.
pub const MAX_PIXELS: u64 = 50_000_000;

/// The longest side an image may have, in pixels. Shrinking an extremely long strip would take far more
/// memory than its number of pixels suggests.
pub const MAX_SIDE: u32 = 32_768;

/// The most memory a decoded image may take, in bytes.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;

/// The quality of re-encoded JPEG images, out of 100.
const JPEG_QUALITY: u8 = 95;

/// Why an image is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The content is of no accepted kind.
    #[error("this is not an image of an accepted kind: PNG, JPEG and WebP are accepted")]
    NotAccepted,
    /// The image has more pixels than [`MAX_PIXELS`], or a side longer than [`MAX_SIDE`].
    #[error(
        "the image of {width} x {height} pixels is too large: it may have {millions} million pixels and \
         sides of {MAX_SIDE}",
        millions = MAX_PIXELS / 1_000_000
    )]
    TooManyPixels {
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
    },
    /// Decoding the image would take more memory than allowed.
    #[error("the image takes too much memory: it may take {megabytes} MiB", megabytes = MAX_DECODED_BYTES >> 20)]
    TooMuchMemory,
    /// The content starts like an image, but cannot be decoded.
    #[error("the image is damaged: {0}")]
    Damaged(String),
    /// The shrunk image could not be encoded.
    #[error("the shrunk image cannot be encoded: {0}")]
    Encoding(String),
}

/// Checks an image and shrinks it to at most `max_width` x `max_height` pixels; 0 stands for no limit.
///
/// # Errors
///
/// As [`process_all`].
pub fn process(bytes: &[u8], max_width: u32, max_height: u32) -> Result<Vec<u8>, ImageError> {
    Ok(process_all(bytes, &[(max_width, max_height)])?.pop().unwrap_or_default())
}

/// The same for several sizes, in their order.
///
/// It is decoded as a whole, and once. An image that fits is returned byte for byte; a larger one is shrunk keeping
/// its aspect ratio, and encoded in its own format (WebP without loss). This may take a
/// second and some hundreds of megabytes: it belongs on the [`Workbench`].
///
/// # Errors
///
/// What is wrong with the image.
pub fn process_all(bytes: &[u8], sizes: &[(u32, u32)]) -> Result<Vec<Vec<u8>>, ImageError> {
    let format = ::image::guess_format(bytes).ok().ok_or(ImageError::NotAccepted)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(ImageError::NotAccepted);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| damaged(&error))?;
    let size = decoder.dimensions();
    check_size(size, decoder.total_bytes())?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    // Also one that stays as it is: what breaks off after its header is no picture.
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| damaged(&error))?;
    // Photos may be stored lying on their side; the limits are meant for them as they are seen.
    let is_turned = is_sideways(orientation);
    let bounds = |(width, height): (u32, u32)| if is_turned { (height, width) } else { (width, height) };
    let targets: Vec<Option<(u32, u32)>> =
        sizes.iter().map(|sides| shrunk_size(size, bounds(*sides))).collect();
    if targets.iter().any(Option::is_some) {
        image = weighted(image);
    }
    let one = |target: Option<(u32, u32)>| {
        let Some(target) = target else { return Ok(bytes.to_vec()) };
        let mut shrunk = shrink(&image, target);
        // The new image has no orientation tag, so its pixels have to be turned.
        shrunk.apply_orientation(orientation);
        encode(shrunk, format, profile.clone())
    };
    targets.into_iter().map(one).collect()
}

fn damaged(error: &::image::ImageError) -> ImageError {
    match error {
        ::image::ImageError::Limits(_) => ImageError::TooMuchMemory,
        other => ImageError::Damaged(other.to_string()),
    }
}

fn check_size((width, height): (u32, u32), decoded_bytes: u64) -> Result<(), ImageError> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(ImageError::TooManyPixels { width, height });
    }
    if decoded_bytes > MAX_DECODED_BYTES {
        return Err(ImageError::TooMuchMemory);
    }
    Ok(())
}

fn is_sideways(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// The largest size of the same aspect ratio within the bounds; `None` when the image already fits.
fn shrunk_size((width, height): (u32, u32), bounds: (u32, u32)) -> Option<(u32, u32)> {
    let limit = |side: u32, bound: u32| if bound == 0 { side } else { side.min(bound) };
    let (max_width, max_height) = (limit(width, bounds.0), limit(height, bounds.1));
    if (max_width, max_height) == (width, height) {
        return None;
    }
    // Which bound is reached first is decided on whole numbers: max_width / width < max_height / height.
    if u64::from(max_width) * u64::from(height) <= u64::from(max_height) * u64::from(width) {
        Some((max_width, scaled(height, max_width, width)))
    } else {
        Some((scaled(width, max_height, height), max_height))
    }
}

/// `side * numerator / denominator`, rounded to the nearest and at least 1.
fn scaled(side: u32, numerator: u32, denominator: u32) -> u32 {
    let denominator = u64::from(denominator.max(1));
    let rounded = (u64::from(side) * u64::from(numerator) + denominator / 2) / denominator;
    u32::try_from(rounded).unwrap_or(side).max(1)
}

/// An image as it is shrunk. Invisible pixels have a colour as well: weighting colours by their opacity keeps it
/// from bleeding into the edges.
fn weighted(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image;
    }
    let mut pixels = image.into_rgba8();
    weigh(&mut pixels, |colour, alpha| (colour * alpha + 127) / 255);
    DynamicImage::ImageRgba8(pixels)
}

/// Shrinks what [`weighted`] gave, and takes the weights off.
fn shrink(image: &DynamicImage, (width, height): (u32, u32)) -> DynamicImage {
    let shrunk = image.resize_exact(width, height, FilterType::Lanczos3);
    if !shrunk.color().has_alpha() {
        return shrunk;
    }
    let mut shrunk = shrunk.into_rgba8();
    weigh(&mut shrunk, |colour, alpha| (colour * 255 + alpha / 2).checked_div(alpha).unwrap_or(0).min(255));
    DynamicImage::ImageRgba8(shrunk)
}

/// Replaces every colour value by what `change` makes of it and of the pixel's opacity.
fn weigh(pixels: &mut RgbaImage, change: impl Fn(u32, u32) -> u32) {
    for pixel in pixels.pixels_mut() {
        let [.., alpha] = pixel.0;
        for colour in pixel.0.iter_mut().take(3) {
            *colour = u8::try_from(change(u32::from(*colour), u32::from(alpha))).unwrap_or(u8::MAX);
        }
    }
}

fn encode(image: DynamicImage, format: ImageFormat, profile: Option<Vec<u8>>) -> Result<Vec<u8>, ImageError> {
    let mut encoded = Vec::new();
    match format {
        ImageFormat::Jpeg => {
            let image = match image {
                DynamicImage::ImageLuma8(_) => image,
                other => other.into_rgb8().into(),
            };
            write(&image, JpegEncoder::new_with_quality(&mut encoded, JPEG_QUALITY), profile)
        }
        ImageFormat::WebP => write(&image, WebPEncoder::new_lossless(&mut encoded), profile),
        _ => write(&image, PngEncoder::new(&mut encoded), profile),
    }?;
    Ok(encoded)
}

fn write(
    image: &DynamicImage,
    mut encoder: impl ImageEncoder,
    profile: Option<Vec<u8>>,
) -> Result<(), ImageError> {
    // A profile for another kind of colours (CMYK is decoded to RGB) would distort them.
    let kind: &[u8] = if image.color().has_color() { b"RGB " } else { b"GRAY" };
    if let Some(profile) = profile.filter(|profile| profile.get(16..20) == Some(kind)) {
        // Without its profile an image is merely a little less colourful, so this may fail.
        let _ = encoder.set_icc_profile(profile);
    }
    image.write_with_encoder(encoder).map_err(|error| ImageError::Encoding(error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn size_of(bytes: &[u8]) -> (u32, u32) {
        let image = ::image::load_from_memory(bytes).unwrap();
        (image.width(), image.height())
    }

    /// A PNG that consists of a header announcing the given size, and of no pixels.
    fn header_only(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut chunk = |kind: &[u8], data: &[u8]| {
            bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
            let body = [kind, data].concat();
            let crc = body.iter().fold(!0_u32, |crc, byte| {
                (0..8).fold(crc ^ u32::from(*byte), |c, _| (c >> 1) ^ (0xedb8_8320 & (c & 1).wrapping_neg()))
            });
            bytes.extend(&body);
            bytes.extend((!crc).to_be_bytes());
        };
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        chunk(b"IHDR", &[size.as_slice(), &[8, 6, 0, 0, 0]].concat());
        chunk(b"IDAT", &[]);
        bytes
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_cause_a_panic(start in 0..4_usize, bytes: Vec<u8>) {
            let magic: [&[u8]; 4] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x24\0\0\0WEBPVP8L"];
            let _ = process(&[magic[start], &bytes].concat(), 1, 1);
        }
    }

    #[test]
    fn an_image_that_fits_is_returned_unchanged() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let bytes = encoded(&DynamicImage::new_rgb8(40, 20), format);
            for (width, height) in [(0, 0), (40, 20), (0, 20), (1920, 1920)] {
                assert_eq!(process(&bytes, width, height).as_ref(), Ok(&bytes));
            }
        }
    }

    #[test]
    fn a_larger_image_is_shrunk_in_its_own_format() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let bytes = encoded(&DynamicImage::new_rgb8(400, 200), format);
            for (bounds, expected) in
                [((100, 100), (100, 50)), ((0, 20), (40, 20)), ((128, 0), (128, 64)), ((500, 1), (2, 1))]
            {
                let shrunk = process(&bytes, bounds.0, bounds.1).unwrap();
                assert_eq!(::image::guess_format(&shrunk).unwrap(), format);
                assert_eq!(size_of(&shrunk), expected);
            }
        }
    }

    #[test]
    fn every_pixel_layout_of_png_can_be_shrunk() {
        use ::image::ColorType::{L8, L16, La8, La16, Rgb8, Rgb16, Rgba8, Rgba16};
        for colour in [L8, L16, La8, La16, Rgb8, Rgb16, Rgba8, Rgba16] {
            let bytes = encoded(&DynamicImage::new(9, 9, colour), ImageFormat::Png);
            assert_eq!(size_of(&process(&bytes, 3, 3).unwrap()), (3, 3), "{colour:?}");
        }
    }

    #[test]
    fn invisible_pixels_do_not_colour_the_edges() {
        let image = RgbaImage::from_fn(64, 64, |x, _| {
            ::image::Rgba(if x < 30 { [0, 255, 0, 0] } else { [255, 0, 0, 255] })
        });
        let shrunk = process(&encoded(&image.into(), ImageFormat::Png), 16, 16).unwrap();
        let shrunk = ::image::load_from_memory(&shrunk).unwrap().into_rgba8();
        assert!(shrunk.pixels().all(|pixel| pixel.0[1] == 0));
        assert!(shrunk.pixels().filter(|pixel| pixel.0[3] > 64).all(|pixel| pixel.0[0] > 250));
    }

    #[test]
    fn a_photo_lying_on_its_side_is_measured_and_stored_upright() {
        let mut bytes = encoded(&DynamicImage::new_rgb8(40, 20), ImageFormat::Jpeg);
        let exif =
            b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        bytes.splice(2..2, exif.iter().copied());
        assert_eq!(process(&bytes, 20, 40).as_ref(), Ok(&bytes));
        assert_eq!(size_of(&process(&bytes, 10, 0).unwrap()), (10, 20));
    }

    #[test]
    fn other_content_is_refused_and_the_accepted_kinds_are_named() {
        for content in [
            b"not an image".as_slice(),
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"GIF89a\x01\0\x01\0",
        ] {
            let error = process(content, 0, 0).unwrap_err();
            assert_eq!(error, ImageError::NotAccepted);
            assert!(error.to_string().contains("PNG, JPEG and WebP"));
        }
    }

    #[test]
    fn damaged_images_are_errors() {
        assert!(matches!(process(b"\x89PNG\r\n\x1a\nrubbish", 0, 0), Err(ImageError::Damaged(_))));
        assert!(matches!(process(&header_only(10, 10), 5, 5), Err(ImageError::Damaged(_))));
    }

    #[test]
    fn decompression_bombs_are_refused_by_their_header() {
        for (width, height) in [(10_000, 5_001), (40_000, 1), (u32::MAX >> 1, u32::MAX >> 1)] {
            let error = process(&header_only(width, height), 0, 0).unwrap_err();
            assert!(matches!(error, ImageError::TooManyPixels { .. } | ImageError::TooMuchMemory), "{error}");
        }
        // As large as one may be, so it is decoded, and nothing stands behind its header.
        let error = process(&header_only(10_000, 5_000), 0, 0).unwrap_err();
        assert!(matches!(error, ImageError::Damaged(_)), "{error}");
    }
}
