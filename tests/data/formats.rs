//! Well-formed files, some of them written by the program whose format they have.

use crate::File;
use flate2::{Compression, write::GzEncoder};
use std::io::{Cursor, Write};
use unlearn::data::read::{self, Options, csv, npy, svmlight};
use unlearn::data::{Row, builtin};

/// Pads a `.npy` header the way NumPy does and appends the numbers.
fn padded(version: u8, text: &str, body: &[u8]) -> Vec<u8> {
    let prefix = if version == 1 { 10 } else { 12 };
    let length = (prefix + text.len() + 1).next_multiple_of(64) - prefix;
    let mut bytes = vec![0x93, b'N', b'U', b'M', b'P', b'Y', version, 0];
    bytes.extend(&(length as u32).to_le_bytes()[..prefix - 8]);
    bytes.extend(format!("{text:<width$}\n", width = length - 1).bytes());
    bytes.extend(body);
    bytes
}

#[test]
fn npy_as_numpy_writes_it() {
    // Output of numpy.lib.format.write_array, NumPy 2.4.6, for versions 1.0, 2.0 and 3.0; the bytes
    // of `padded` were compared with it once and are spelled out here for the first file.
    let f8 = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\
        \x20                                                         \n\
        \x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\x08@\
        \x00\x00\x00\x00\x00\x00\x10@\x00\x00\x00\x00\x00\x00\x14@\x00\x00\x00\x00\x00\x00\x18@";
    let array = npy::parse("f8", f8).unwrap();
    assert_eq!((array.shape(), array.values()), (&[2, 3][..], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..]));
    assert_eq!(npy::encode(&[2, 3], array.values()), f8);

    let f4 = padded(
        2,
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
        b"\x00\x00\x80?\x00\x00\x80@\x00\x00\x00@\x00\x00\xa0@\x00\x00@@\x00\x00\xc0@",
    );
    assert_eq!(npy::parse("f4", &f4).unwrap(), array, "Fortran order of the same matrix");

    let i2 = padded(3, "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", b"\xff\xff\x01\x00");
    let i2 = npy::parse("i2", &i2).unwrap();
    assert_eq!((i2.shape(), i2.values(), i2.is_integer()), (&[2][..], &[-1.0, 256.0][..], true));

    let scalar = padded(
        1,
        "{'descr': '<i8', 'fortran_order': False, 'shape': (), }",
        b"\xf9\xff\xff\xff\xff\xff\xff\xff",
    );
    let scalar = npy::parse("i8", &scalar).unwrap();
    assert_eq!((scalar.shape(), scalar.values()), (&[][..], &[-7.0][..]));
}

#[test]
fn npy_number_types() {
    // −2 and 3, or 254 and 3 where there is no sign, in every type and byte order.
    let check = |descr: &str, bytes: &[u8], expected: [f64; 2]| {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}");
        assert_eq!(npy::parse(descr, &padded(1, &text, bytes)).unwrap().values(), expected, "{descr}");
    };
    check("|i1", &[254, 3], [-2.0, 3.0]);
    check("|u1", &[254, 3], [254.0, 3.0]);
    check("|b1", &[1, 0], [1.0, 0.0]);
    check("<i4", &[(-2_i32).to_le_bytes(), 3_i32.to_le_bytes()].concat(), [-2.0, 3.0]);
    check(">i4", &[(-2_i32).to_be_bytes(), 3_i32.to_be_bytes()].concat(), [-2.0, 3.0]);
    check("<u4", &[254_u32.to_le_bytes(), u32::MAX.to_le_bytes()].concat(), [254.0, 4294967295.0]);
    check(">u2", &[254_u16.to_be_bytes(), 3_u16.to_be_bytes()].concat(), [254.0, 3.0]);
    check(">i8", &[(-2_i64).to_be_bytes(), i64::MIN.to_be_bytes()].concat(), [-2.0, -(2.0_f64.powi(63))]);
    check("<u8", &[254_u64.to_le_bytes(), (1_u64 << 53).to_le_bytes()].concat(), [254.0, 2.0_f64.powi(53)]);
    check(">f4", &[(-2_f32).to_be_bytes(), 0.1_f32.to_be_bytes()].concat(), [-2.0, f64::from(0.1_f32)]);
    check(">f8", &[(-2_f64).to_be_bytes(), 0.1_f64.to_be_bytes()].concat(), [-2.0, 0.1]);
}

#[test]
fn npz_stored_or_deflated() {
    // `numpy.savez` stores, `numpy.savez_compressed` deflates; other arrays do not matter.
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let x = padded(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", &[1, 3, 2, 4]);
        let y = padded(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", &[1, 0]);
        for (name, bytes) in [("names.npy", b"not an array".to_vec()), ("y.npy", y), ("X.npy", x)] {
            archive.start_file(name, options).unwrap();
            archive.write_all(&bytes).unwrap();
        }
        let file = File::new("d.npz", archive.finish().unwrap().into_inner());
        let data = read::dataset(&file.path, &Options::default()).unwrap();
        assert_eq!((data.name.as_str(), data.rows(), data.cols()), ("d", 2, 2));
        assert_eq!((data.design().values(), data.target()), (&[1.0, 2.0, 3.0, 4.0][..], &[1.0, 0.0][..]));
    }
}

#[test]
fn csv_dialects() {
    let plain = csv::parse("p", "d", "a,b,y\n1,-2.5,0\n3e2,.5,1\n", None).unwrap();
    assert_eq!(plain.design().values(), [1.0, -2.5, 300.0, 0.5]);
    assert_eq!((plain.target(), plain.features()), (&[0.0, 1.0][..], &["a".into(), "b".into()][..]));
    for other in [
        "a,b,y\r\n1,-2.5,0\r\n3e2,.5,1",
        "a,b,y\r1,-2.5,0\r3e2,.5,1\r",
        "\n\na,b,y\n\n1,-2.5,0\n\n3e2,.5,1\n\n",
        " a , b ,y\n 1,\t-2.5 ,0\n+3E+2,0.50,1.0\n",
        "\"a\",\"b\",\"y\"\n\"1\",\"-2.5\",\"0\"\n\"3e2\",.5,1\n",
    ] {
        assert_eq!(csv::parse("p", "d", other, None).unwrap(), plain, "{other:?}");
    }
    let file = File::new("d.CSV", b"\xef\xbb\xbfa,b,y\n1,-2.5,0\n3e2,.5,1\n");
    assert_eq!(read::dataset(&file.path, &Options::default()).unwrap(), plain);
    let quoted = csv::parse("p", "d", "\"a \"\"1\"\", b\",y\n1,2\n", None).unwrap();
    assert_eq!(quoted.features(), ["a \"1\", b"]);
}

#[test]
fn csv_target_by_name() {
    let text = "a,b,y\n1,2,3\n4,5,6\n";
    let b = csv::parse("p", "d", text, Some("b")).unwrap();
    assert_eq!((b.target(), b.design().values()), (&[2.0, 5.0][..], &[1.0, 3.0, 4.0, 6.0][..]));
    assert_eq!(b.features(), ["a", "y"]);
    assert_eq!(csv::parse("p", "d", text, Some("y")), csv::parse("p", "d", text, None));
}

#[test]
fn built_in_files_read_the_same_from_disk() {
    for set in builtin::NAMES {
        let path = format!("{}/datasets/{}.csv", env!("CARGO_MANIFEST_DIR"), set.name);
        let from_disk = read::dataset(&path, &Options::default()).unwrap();
        assert_eq!(from_disk, builtin::load(set.name).unwrap());
    }
    let e = builtin::load("mnist").unwrap_err().to_string();
    assert!(builtin::NAMES.iter().all(|b| e.contains(b.name)) && e.contains("mnist.csv"), "{e}");
}

#[test]
fn svmlight_stays_sparse() {
    let text = "# made by hand\n\n-1 2:0.5 7:-1e-3 # tail\r\n+1\n3.5 1:0\t2:4 \n";
    let data = svmlight::parse("f", "d", text).unwrap();
    assert_eq!((data.rows(), data.cols(), data.target()), (3, 7, &[-1.0, 1.0, 3.5][..]));
    assert!(matches!(data.design().row(0), Row::Sparse([1, 6], [0.5, -1e-3])));
    assert!(matches!(data.design().row(1), Row::Sparse([], [])));
    assert!(matches!(data.design().row(2), Row::Sparse([1], [4.0])), "stored zeros are dropped");
    // A last feature that is zero everywhere still counts.
    assert_eq!(svmlight::parse("f", "d", "1 9:0\n").unwrap().cols(), 9);
    for extension in ["svm", "libsvm", "svmlight"] {
        let file = File::new(&format!("d.{extension}"), text);
        assert_eq!(read::dataset(&file.path, &Options::default()).unwrap(), data);
    }
}

#[test]
fn idx_plain_and_compressed() {
    let images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 255];
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];
    let gz = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let plain = File::new("train-images-idx3-ubyte", images);
    plain.beside("train-labels-idx1-ubyte", labels);
    let data = read::dataset(&plain.path, &Options::default()).unwrap();
    assert_eq!((data.name.as_str(), data.rows(), data.cols()), ("train", 2, 2));
    assert_eq!((data.design().values(), data.target()), (&[1.0, 2.0, 3.0, 255.0][..], &[7.0, 9.0][..]));
    // Images and labels may be compressed or not, independently.
    let packed = File::new("train-images-idx3-ubyte.gz", gz(&images));
    let beside = packed.beside("train-labels-idx1-ubyte", labels);
    assert_eq!(read::dataset(&packed.path, &Options::default()).unwrap(), data);
    std::fs::remove_file(beside).unwrap();
    packed.beside("train-labels-idx1-ubyte.gz", gz(&labels));
    assert_eq!(read::dataset(&packed.path, &Options::default()).unwrap(), data);
}

#[test]
fn idx_number_types() {
    let file = File::new("t-images-idx3-ubyte", "");
    file.beside("t-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 7, 9]);
    let check = |kind: u8, body: &[u8], expected: [f64; 2]| {
        let bytes = [&[0, 0, kind, 2, 0, 0, 0, 2, 0, 0, 0, 1][..], body].concat();
        std::fs::write(&file.path, bytes).unwrap();
        let data = read::dataset(&file.path, &Options::default()).unwrap();
        assert_eq!(data.design().values(), expected, "{kind:#04x}");
    };
    check(0x08, &[254, 3], [254.0, 3.0]);
    check(0x09, &[254, 3], [-2.0, 3.0]);
    check(0x0b, &[(-2_i16).to_be_bytes(), 258_i16.to_be_bytes()].concat(), [-2.0, 258.0]);
    check(0x0c, &[(-2_i32).to_be_bytes(), 66051_i32.to_be_bytes()].concat(), [-2.0, 66051.0]);
    check(0x0d, &[(-2_f32).to_be_bytes(), 0.1_f32.to_be_bytes()].concat(), [-2.0, f64::from(0.1_f32)]);
    check(0x0e, &[(-2_f64).to_be_bytes(), 0.1_f64.to_be_bytes()].concat(), [-2.0, 0.1]);
}
