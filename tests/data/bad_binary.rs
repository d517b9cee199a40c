//! Malformed NumPy and IDX files: an error that names the file, whatever the header claims.

use crate::File;
use unlearn::data::read::{self, Options, npy, npz};
use unlearn::data::write;
use unlearn::error::Error;

/// A version 1.0 `.npy` with this header text and these bytes of numbers.
fn raw(header: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(body);
    bytes
}

fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}")
}

fn refused(bytes: &[u8], words: &str) {
    let file = File::new("bad.npy", bytes);
    let e = npy::read(&file.path).unwrap_err();
    assert!(matches!(e, Error::File { .. }), "{e:?}");
    assert!(e.to_string().contains("bad.npy") && e.to_string().contains(words), "{e} lacks {words:?}");
}

#[test]
fn npy_headers() {
    refused(b"", "does not start");
    refused(b"PK\x03\x04 and more", "does not start");
    refused(b"\x93NUMPY", "cut off");
    refused(b"\x93NUMPY\x01\x00\xff\xff{", "cut off");
    refused(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "cut off");
    refused(b"\x93NUMPY\x09\x00\x01\x00{", "version 9.0");
    refused(&raw("\u{e9}", &[]), "not a dictionary");
    refused(&raw("not a dictionary", &[]), "not a dictionary");
    refused(&raw(&header("<f8", "(2,)"), &[0; 15]), "promises 16 bytes");
    refused(&raw(&header("<f8", "(2,)"), &[0; 17]), "promises 16 bytes");
    refused(&raw(&header("<f8", "(2, 2, 2)"), &[0; 64]), "3 dimensions");
    refused(&raw(&header("<f8", "(4294967296, 4294967296)"), &[0; 8]), "accepted");
    refused(&raw(&header("<f8", "(18446744073709551615, 2)"), &[0; 8]), "accepted");
    refused(&raw(&header("|u1", "(1000000000,)"), &[0; 8]), "accepted");
    refused(&raw(&header("<f8", "(100000000,)"), &[0; 8]), "promises 800000000 bytes");
    refused(&raw(&header("<c16", "(1,)"), &[0; 16]), "<c16");
    refused(&raw(&header("|O", "(1,)"), &[0; 8]), "not supported");
    refused(
        &raw("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", &[0; 8]),
        "structured",
    );
}

#[test]
fn npy_numbers() {
    refused(&raw(&header("<f8", "(1,)"), &f64::NAN.to_le_bytes()), "NaN");
    refused(&raw(&header(">f4", "(1,)"), &f32::INFINITY.to_be_bytes()), "inf");
    refused(&raw(&header("<i8", "(1,)"), &((1_i64 << 53) + 1).to_le_bytes()), "exactly");
    refused(&raw(&header("<i8", "(1,)"), &i64::MAX.to_le_bytes()), "exactly");
    refused(&raw(&header("<u8", "(1,)"), &u64::MAX.to_le_bytes()), "exactly");
    refused(&raw(&header("|b1", "(2,)"), &[1, 2]), "boolean");
}

#[test]
fn vectors_masks_and_forget_sets() {
    let file = File::new("m.npy", raw(&header("<f8", "(1, 2)"), &[0; 16]));
    assert!(read::vector(&file.path).unwrap_err().to_string().contains("one dimension"));
    let empty = file.beside("e.npy", raw(&header("<f8", "(0,)"), &[]));
    assert!(read::vector(&empty).unwrap_err().to_string().contains("no number"));
    let mask = file.beside("mask.npy", raw(&header("|i1", "(3,)"), &[0, 1, 255]));
    let e = read::mask(&mask, 3).unwrap_err().to_string();
    assert!(e.contains("element 2") && e.contains("-1"), "{e}");
    let bools = file.beside("bools.npy", raw(&header("|b1", "(3,)"), &[0, 1, 1]));
    assert_eq!(read::mask(&bools, 3).unwrap(), [false, true, true]);

    let e = |descr: &str, body: &[u8]| {
        let count = body.len() / descr[2..].parse::<usize>().unwrap();
        let path = file.beside("f.npy", raw(&header(descr, &format!("({count},)")), body));
        let e = read::indices(&path, 10).unwrap_err().to_string();
        assert!(e.contains("f.npy"), "{e}");
        e
    };
    assert!(e("|i1", &[3, 255]).contains("element 1 (from 0): -1 is not a row index"));
    assert!(e("|u1", &[3, 10]).contains("element 1 (from 0): row 10, but the data has 10 rows"));
    assert!(e("|u1", &[3, 4, 3]).contains("already named on element 0"));
    assert!(e("<f8", &1.0_f64.to_le_bytes()).contains("integer type"));
    assert!(e("|u1", &[]).contains("no number"));
}

#[test]
fn npz() {
    let file = File::new("bad.npz", b"not a zip archive");
    let dataset = || read::dataset(&file.path, &Options::default()).unwrap_err().to_string();
    assert!(dataset().contains("bad.npz"));
    write::archive(&file.path, &[("a", &[1], &[1.0]), ("y", &[1], &[1.0])]).unwrap();
    assert!(dataset().contains("there is no array X; the archive holds a.npy, y.npy"), "{}", dataset());
    write::archive(&file.path, &[("X", &[2], &[1.0, 2.0]), ("y", &[2], &[1.0, 1.0])]).unwrap();
    assert!(dataset().contains("X has shape [2]"));
    write::archive(&file.path, &[("X", &[2, 1], &[1.0, 2.0]), ("y", &[1], &[1.0])]).unwrap();
    assert!(dataset().contains("X has 2 rows and y shape [1]"));
    write::archive(&file.path, &[("X", &[2, 1], &[1.0, 2.0]), ("y", &[2, 2], &[1.0; 4])]).unwrap();
    assert!(dataset().contains("X has 2 rows and y shape [2, 2]"));
    for shape in [[0, 3], [3, 0]] {
        write::archive(&file.path, &[("X", &shape, &[]), ("y", &[shape[0]], &vec![0.0; shape[0]])]).unwrap();
        assert!(dataset().contains("nothing to learn from"));
    }
    write::archive(&file.path, &[("X", &[2, 1], &[1.0, 2.0]), ("y", &[2, 1], &[1.0, 0.0])]).unwrap();
    assert_eq!(read::dataset(&file.path, &Options::default()).unwrap().target(), [1.0, 0.0]);

    // More features than any name list should hold, in one row of a small archive.
    let wide = vec![0.0; (1 << 21) + 1];
    write::archive(&file.path, &[("X", &[1, wide.len()], &wide), ("y", &[1], &[0.0])]).unwrap();
    assert!(std::fs::metadata(&file.path).unwrap().len() < 100_000);
    assert!(dataset().contains("2097153 features; at most 2097152"), "{}", dataset());
    write::archive(&file.path, &[("X", &[2, 1], &[1.0, 2.0]), ("y", &[2, 1], &[1.0, 0.0])]).unwrap();

    // A changed byte of the numbers is caught by the archive's checksum, a cut by its directory.
    let bytes = std::fs::read(&file.path).unwrap();
    let mut cut = bytes.clone();
    cut.truncate(bytes.len() - 30);
    std::fs::write(&file.path, &cut).unwrap();
    assert!(npz::array(&file.path, "X").is_err());
    let mut changed = bytes;
    changed[60] ^= 0xff;
    std::fs::write(&file.path, &changed).unwrap();
    assert!(npz::array(&file.path, "X").is_err());
}

#[test]
fn idx() {
    let images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 255];
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];
    let file = File::new("t-images-idx3-ubyte", images);
    let error = || read::dataset(&file.path, &Options::default()).unwrap_err().to_string();
    assert!(error().contains("t-labels-idx1-ubyte: the labels file is missing"), "{}", error());
    let label_path = file.beside("t-labels-idx1-ubyte", labels);
    assert!(read::dataset(&file.path, &Options::default()).is_ok());
    assert!(read::dataset(&label_path, &Options::default()).unwrap_err().to_string().contains("images file"));

    let with = |bytes: &[u8]| {
        std::fs::write(&file.path, bytes).unwrap();
        error()
    };
    assert!(with(&[]).contains("too short"));
    assert!(with(&images[..10]).contains("cut off"));
    assert!(with(&images[..19]).contains("promises 4 bytes"));
    assert!(with(&[&images[..], &[0]].concat()).contains("promises 4 bytes"));
    assert!(with(&[1, 2, 3, 4, 5]).contains("does not start"));
    assert!(with(&[0, 0, 7, 0]).contains("0x07"));
    assert!(
        with(&[0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]).contains("accepted")
    );
    assert!(with(&[0, 0, 8, 0, 5]).contains("at least 2 dimensions"));
    assert!(with(&[0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 0]).contains("holds no number"));
    assert!(with(&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5]).contains("labels of shape [2] for 1 images"));
    let nan = [&[0, 0, 0x0d, 2, 0, 0, 0, 1, 0, 0, 0, 1][..], &f32::NAN.to_be_bytes()].concat();
    assert!(with(&nan).contains("NaN"));
    assert!(with(&[0x1f, 0x8b, 8, 0, 0]).contains("gzip"));
}

#[test]
fn writing() {
    let file = File::new("x", "");
    for name in ["out", "out.xyz", "out.npz"] {
        let e = write::vector(file.dir.path().join(name), &[1.0]).unwrap_err().to_string();
        assert!(e.contains(name) && e.contains(".npy"), "{e}");
    }
    for name in ["v.npy", "v.txt", "v.csv", "v.json"] {
        let path = file.dir.path().join(name);
        let e = write::vector(&path, &[1.0, f64::NAN]).unwrap_err().to_string();
        assert!(e.contains(name) && e.contains("number 1"), "{e}");
        assert!(!path.exists(), "a refused vector must not leave a file");
        let nowhere = file.dir.path().join("no-such-directory").join(name);
        let matrix = nalgebra::DMatrix::from_element(1, 1, 1.0);
        for e in [write::vector(&nowhere, &[1.0]), write::matrix(&nowhere, &matrix)] {
            assert!(e.unwrap_err().to_string().contains(name));
        }
    }
    let twice: [(&str, &[usize], &[f64]); 2] = [("a", &[1], &[1.0]), ("a", &[1], &[2.0])];
    assert!(write::archive(file.dir.path().join("a.npz"), &twice).is_err());
}
