//! No bytes whatever make a reader panic, and whatever is accepted satisfies the type's promises.

use crate::File;
use proptest::prelude::*;
use proptest::sample::Index;
use unlearn::data::read::{self, Options};
use unlearn::data::{Dataset, write};

/// One well-formed file of every kind, to be damaged.
fn valid() -> Vec<(&'static str, Vec<u8>)> {
    let npy = read::npy::encode(&[3], &[0.0, 1.0, 1.0]);
    let file = File::new("d.npz", "");
    write::archive(&file.path, &[("X", &[2, 2], &[1.0, 2.0, 3.0, 4.0]), ("y", &[2], &[0.0, 1.0])]).unwrap();
    let idx = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 255];
    vec![
        ("d.csv", b"a,\"b\",y\r\n1,2.5,0\r\n\r\n-3e1,\"4\",1\r\n".to_vec()),
        ("d.svm", b"+1 1:2 3:4.5 # c\n-1 2:7e-3\n".to_vec()),
        ("d.npz", std::fs::read(&file.path).unwrap()),
        ("d-images-idx3-ubyte", idx),
        ("v.npy", npy),
        ("v.txt", b"0\n1 # c\n\n1\n".to_vec()),
    ]
}

const LABELS: [u8; 10] = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];

/// Feeds the bytes to every reader under this name; accepted data must be finite and not empty.
fn feed(name: &str, bytes: &[u8]) -> std::result::Result<(), TestCaseError> {
    let file = File::new(name, bytes);
    if name.contains("images") {
        file.beside("d-labels-idx1-ubyte", LABELS);
    }
    let sound = |d: Dataset| {
        d.rows() > 0
            && d.rows() == d.target().len()
            && d.features().len() == d.cols()
            && d.design().values().iter().chain(d.target()).all(|v| v.is_finite())
    };
    prop_assert!(read::dataset(&file.path, &Options::default()).map_or(true, sound));
    prop_assert!(read::npy::read(&file.path).map_or(true, |a| a.values().iter().all(|v| v.is_finite())));
    prop_assert!(read::vector(&file.path).map_or(true, |v| !v.is_empty() && v.iter().all(|v| v.is_finite())));
    prop_assert!(read::mask(&file.path, 3).map_or(true, |m| m.len() == 3));
    prop_assert!(read::indices(&file.path, 5).map_or(true, |r| r.rows().iter().all(|&i| i < 5)));
    Ok(())
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn arbitrary(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0usize..6) {
        feed(valid()[kind].0, &bytes)?;
    }

    #[test]
    fn arbitrary_text(text in "[-+0-9.eEnaif,:;\"# \t\r\n\u{feff}é]{0,80}", kind in 0usize..6) {
        feed(valid()[kind].0, text.as_bytes())?;
    }

    #[test]
    fn arbitrary_after_a_true_start(kind in 0usize..6, keep in any::<Index>(), tail in prop::collection::vec(any::<u8>(), 0..60)) {
        let (name, bytes) = valid().swap_remove(kind);
        feed(name, &[&bytes[..keep.index(bytes.len() + 1)], &tail].concat())?;
    }

    #[test]
    fn damaged(
        kind in 0usize..6,
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        keep in any::<Index>(),
        cut in any::<bool>(),
    ) {
        let (name, mut bytes) = valid().swap_remove(kind);
        for (place, byte) in changes {
            let i = place.index(bytes.len());
            bytes[i] = byte;
        }
        if cut {
            bytes.truncate(keep.index(bytes.len() + 1));
        }
        feed(name, &bytes)?;
    }
}

#[test]
fn the_undamaged_files_are_accepted() {
    for (name, bytes) in valid() {
        let file = File::new(name, &bytes);
        file.beside("d-labels-idx1-ubyte", LABELS);
        if name.starts_with('d') {
            assert_eq!(read::dataset(&file.path, &Options::default()).unwrap().rows(), 2, "{name}");
        } else {
            assert_eq!(read::mask(&file.path, 3).unwrap(), [false, true, true], "{name}");
        }
    }
}
