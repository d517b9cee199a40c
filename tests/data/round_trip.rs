//! What is written reads back as the same bits.

use crate::File;
use nalgebra::DMatrix;
use proptest::prelude::*;
use unlearn::data::read::{self, Options, csv, npy, svmlight};
use unlearn::data::{Dataset, Design, write};

/// Any finite f64: all bit patterns, huge, tiny, and −0 included.
fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-8i32..=8).prop_map(|k| f64::from(k) / 4.0),
        any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |v| v.is_finite()),
    ]
}

prop_compose! {
    fn matrix(least_cols: usize)(rows in 1usize..6, cols in least_cols..6)
        (rows in Just(rows), cols in Just(cols), values in prop::collection::vec(finite(), rows * cols))
        -> (usize, usize, Vec<f64>) {
        (rows, cols, values)
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn npy((rows, cols, values) in matrix(1)) {
        let file = File::new("m.npy", "");
        write::matrix(&file.path, &DMatrix::from_row_slice(rows, cols, &values)).unwrap();
        let array = npy::read(&file.path).unwrap();
        prop_assert_eq!(array.shape(), [rows, cols]);
        prop_assert_eq!(bits(array.values()), bits(&values));
        prop_assert_eq!(std::fs::read(&file.path).unwrap().len() % 8, 0);
    }

    #[test]
    fn vectors(values in prop::collection::vec(finite(), 1..40)) {
        for name in ["v.npy", "v.txt", "v.csv"] {
            let file = File::new(name, "");
            write::vector(&file.path, &values).unwrap();
            prop_assert_eq!(bits(&read::vector(&file.path).unwrap()), bits(&values), "{}", name);
        }
    }

    #[test]
    fn json((rows, cols, values) in matrix(1)) {
        let file = File::new("m.json", "");
        write::matrix(&file.path, &DMatrix::from_row_slice(rows, cols, &values)).unwrap();
        let text = std::fs::read_to_string(&file.path).unwrap();
        let inside = text.replace(['[', ']', '\n', ' '], "");
        let back: Vec<f64> = inside.split(',').map(|v| v.parse().unwrap()).collect();
        prop_assert_eq!(bits(&back), bits(&values));
        prop_assert_eq!(text.matches('[').count(), rows + 1);
    }

    #[test]
    fn csv((rows, cols, values) in matrix(2), crlf in any::<bool>(), bom in any::<bool>(), target in 0usize..6) {
        // Every column of the matrix in turn is the target; the others are the features.
        let target = target % cols;
        let line = if crlf { "\r\n" } else { "\n" };
        let mut text = String::from(if bom { "\u{feff}" } else { "" });
        text += &(0..cols).map(|j| format!("c{j}")).collect::<Vec<_>>().join(",");
        for row in values.chunks(cols) {
            text += line;
            text += &row.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(",");
        }
        let file = File::new("d.csv", &text);
        let name = format!("c{target}");
        let data = read::dataset(&file.path, &Options { target: Some(name.clone()) }).unwrap();
        let pick = |is_target: bool| -> Vec<f64> {
            values.iter().enumerate().filter(|(k, _)| (k % cols == target) == is_target).map(|(_, &v)| v).collect()
        };
        prop_assert_eq!((data.rows(), data.cols()), (rows, cols - 1));
        prop_assert_eq!(bits(data.target()), bits(&pick(true)));
        prop_assert_eq!(bits(data.design().values()), bits(&pick(false)));
        prop_assert!(!data.features().contains(&name));
        prop_assert!(bom || csv::parse("f", "d", &text, Some(&name)).unwrap() == data);
    }

    #[test]
    fn svmlight((rows, cols, values) in matrix(1), targets in prop::collection::vec(finite(), 6)) {
        let mut text = String::new();
        for (row, y) in values.chunks(cols).zip(&targets) {
            text += &format!("{y:?}");
            for (j, v) in row.iter().enumerate().filter(|(_, v)| **v != 0.0) {
                text += &format!(" {}:{v:?}", j + 1);
            }
            text += "\n";
        }
        let dense = Design::dense(rows, cols, values.clone()).unwrap();
        match svmlight::parse("f.svm", "d", &text) {
            Ok(data) => {
                // Trailing columns of zeros are not in the file.
                let read = data.cols();
                prop_assert_eq!(bits(data.target()), bits(&targets[..rows]));
                for i in 0..rows {
                    let mut out = vec![0.0; read];
                    data.design().row(i).write_dense(&mut out);
                    let expected = &values[i * cols..(i + 1) * cols];
                    prop_assert_eq!(&out[..], &expected[..read]);
                    prop_assert!(expected[read..].iter().all(|&v| v == 0.0));
                }
                let sparse = Dataset::new("d", dense.to_sparse(), targets[..rows].to_vec()).unwrap();
                prop_assert_eq!(data.design().values(), sparse.design().values());
            }
            Err(e) => prop_assert!(values.iter().all(|&v| v == 0.0), "{}", e),
        }
    }

    #[test]
    fn npz((rows, cols, values) in matrix(1), targets in prop::collection::vec(finite(), 6)) {
        let file = File::new("d.npz", "");
        let y = &targets[..rows];
        write::archive(&file.path, &[("X", &[rows, cols], &values), ("y", &[rows], y)]).unwrap();
        let data = read::dataset(&file.path, &Options::default()).unwrap();
        prop_assert_eq!((data.rows(), data.cols()), (rows, cols));
        prop_assert_eq!(bits(data.design().values()), bits(&values));
        prop_assert_eq!(bits(data.target()), bits(y));
        let first = std::fs::read(&file.path).unwrap();
        write::archive(&file.path, &[("X", &[rows, cols], &values), ("y", &[rows], y)]).unwrap();
        prop_assert_eq!(first, std::fs::read(&file.path).unwrap(), "the same arrays, the same bytes");
    }

    #[test]
    fn masks_and_forget_sets(mask in prop::collection::vec(any::<bool>(), 1..50)) {
        let as_numbers: Vec<f64> = mask.iter().map(|&b| f64::from(u8::from(b))).collect();
        for name in ["m.npy", "m.txt"] {
            let file = File::new(name, "");
            write::vector(&file.path, &as_numbers).unwrap();
            prop_assert_eq!(&read::mask(&file.path, mask.len()).unwrap(), &mask);
            prop_assert!(read::mask(&file.path, mask.len() + 1).is_err());
        }
        // The places of the ones, largest first, as a forget set.
        let rows: Vec<usize> = (0..mask.len()).filter(|&i| mask[i]).collect();
        let text: String = rows.iter().rev().map(|i| format!("{i}\n")).collect();
        let file = File::new("f.txt", text);
        match read::indices(&file.path, mask.len()) {
            Ok(set) => prop_assert_eq!(set.rows(), rows),
            Err(_) => prop_assert!(rows.is_empty()),
        }
    }
}
