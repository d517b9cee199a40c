//! Malformed text: every error names the file, the line and the column, and says what to do.

use crate::File;
use unlearn::data::read::{self, Options};
use unlearn::error::Error;

/// Asserts that reading fails at `line:column` with a message that contains `words`.
fn refused<T: std::fmt::Debug>(
    result: unlearn::error::Result<T>,
    name: &str,
    (line, column): (usize, usize),
    words: &str,
) {
    match result.unwrap_err() {
        Error::Parse { file, line: l, column: c, message } => {
            assert!(file.ends_with(name), "{file}");
            assert_eq!((l, c), (line, column), "{message}");
            assert!(message.contains(words), "{message:?} lacks {words:?}");
        }
        other => panic!("expected a parse error with {words:?}, got {other:?}"),
    }
}

fn csv(text: impl AsRef<[u8]>, place: (usize, usize), words: &str) {
    let file = File::new("bad.csv", text);
    refused(read::dataset(&file.path, &Options::default()), "bad.csv", place, words);
}

fn svm(text: impl AsRef<[u8]>, place: (usize, usize), words: &str) {
    let file = File::new("bad.svm", text);
    refused(read::dataset(&file.path, &Options::default()), "bad.svm", place, words);
}

#[test]
fn csv_structure() {
    csv("", (1, 1), "empty");
    csv("\n\r\n", (1, 1), "empty");
    csv("\u{feff}", (1, 1), "empty");
    csv("a,y\n", (2, 1), "no row");
    csv("a,y", (2, 1), "no row");
    csv("a,b,y\n1,2,3\n1,2\n", (3, 3), "the header has 3 fields, this line 2");
    csv("a,y\n1,2,3\n", (2, 3), "the header has 2 fields, this line 3");
    csv("a,y\r\n1,2\r\n\r\n1\r\n", (4, 2), "this line 1");
    csv("y\n1\n2\n", (1, 1), "only one column");
    csv("a;b;y\n1;2;3\n", (1, 1), "semicolon");
    csv("a\tb\n1\t2\n", (1, 1), "tab");
    csv("a,b,a\n1,2,3\n", (1, 3), "already that of column 1");
    csv(",a,y\n0,1,2\n", (1, 1), "no name");
    csv("1,2,3\n4,5,6\n", (1, 1), "must name the columns");
    csv("a,y\n1,\"2\n", (2, 1), "not closed");
    csv("a,y\n\"1\n,2\n1,2\n", (2, 1), "not closed");
}

#[test]
fn csv_values() {
    csv("a,y\n1,2\nx,2\n", (3, 1), "\"x\" is not a number");
    csv("a,y\n1,2\n\n\n1,x\n", (5, 2), "column \"y\"");
    csv("a,y\n\"1\n\",2\n1,x\n", (4, 2), "is not a number");
    csv("a,y\r1,2\r1,x\r", (3, 2), "is not a number");
    csv("a,y\n1,\n", (2, 2), "missing");
    csv("a,y\nNaN,1\n", (2, 1), "NaN");
    csv("a,y\n1,-inf\n", (2, 2), "infinite");
    csv("a,y\n1e999,1\n", (2, 1), "infinite");
    csv("a,y\n1 000,1\n", (2, 1), "is not a number");
    csv("a,y\n\u{0},1\n", (2, 1), "is not a number");
    csv(b"a,y\n1,2\n\xff,2\n", (3, 1), "UTF-8");
    // A hostile field does not end up in the message in full.
    let file = File::new("long.csv", format!("a,y\n{},1\n", "x".repeat(100_000)));
    let message = read::dataset(&file.path, &Options::default()).unwrap_err().to_string();
    assert!(message.len() < file.path.as_os_str().len() + 200, "{} bytes", message.len());
}

#[test]
fn csv_target() {
    let file = File::new("t.csv", "a,b,y\n1,2,3\n");
    let e = read::dataset(&file.path, &Options { target: Some("z".into()) }).unwrap_err();
    assert!(matches!(e, Error::Invalid(_)));
    for word in ["t.csv", "\"z\"", "3 columns", "\"a\", \"b\", \"y\""] {
        assert!(e.to_string().contains(word), "{e}");
    }
    for name in ["t.svm", "t.npz", "t-images-idx3-ubyte"] {
        let other = file.beside(name, "1 1:2\n");
        let e = read::dataset(&other, &Options { target: Some("a".into()) }).unwrap_err();
        assert!(e.to_string().contains("only CSV"), "{e}");
    }
}

#[test]
fn svmlight() {
    svm("", (1, 1), "no sample");
    svm("# nothing\n\n", (1, 1), "no sample");
    svm("1\n-1\n", (1, 1), "no sample has a feature");
    svm("1 1:2\n1 0:3\n", (2, 2), "count from 1");
    svm("1 1:2 1:3\n", (1, 3), "given twice");
    svm("1 3:2 2:3\n", (1, 3), "index 2 follows index 3");
    svm("1 4000000000:1\n", (1, 2), "above the largest accepted");
    svm("1 99999999999999999999999999:1\n", (1, 2), "above the largest accepted");
    svm("1 -1:1\n", (1, 2), "not a feature index");
    svm("1 +1:1\n", (1, 2), "not a feature index");
    svm("1 1.5:1\n", (1, 2), "not a feature index");
    svm("1 :1\n", (1, 2), "not a feature index");
    svm("1 1:\n", (1, 2), "missing");
    svm("1 1: 2\n", (1, 2), "missing");
    svm("1 1:2:3\n", (1, 2), "is not a number");
    svm("1 1:nan\n", (1, 2), "NaN");
    svm("1 1:1e999\n", (1, 2), "infinite");
    svm("1 2\n", (1, 2), "index:value");
    svm("1 1:2\n\n# c\nx 1:2\n", (4, 1), "the label");
    svm("1,2 1:2\n", (1, 1), "the label");
    svm("inf 1:2\n", (1, 1), "infinite");
    svm("1 qid:3 1:2\n", (1, 2), "qid");
    svm(b"1 1:2\n1 1:\xff\n", (2, 1), "UTF-8");
}

#[test]
fn vectors() {
    let vector = |text: &str, place, words: &str| {
        let file = File::new("v.txt", text);
        refused(read::vector(&file.path), "v.txt", place, words);
    };
    vector("1\nx\n", (2, 1), "is not a number");
    vector("1\n# c\n\n2 3\n", (4, 2), "one per line");
    vector("1,2\n", (1, 1), "is not a number");
    vector("1\n1e999\n", (2, 1), "infinite");
    vector("NaN\n", (1, 1), "NaN");
    for empty in ["", "\n", "# only a comment\n"] {
        let file = File::new("v.txt", empty);
        let e = read::vector(&file.path).unwrap_err();
        assert!(matches!(e, Error::File { .. }) && e.to_string().contains("v.txt: the file holds no number"));
    }
}

#[test]
fn masks() {
    let file = File::new("m.txt", "1\n0\n1 # bias\n");
    assert_eq!(read::mask(&file.path, 3).unwrap(), [true, false, true]);
    for wrong in [2, 4, 0, usize::MAX] {
        let e = read::mask(&file.path, wrong).unwrap_err().to_string();
        assert!(
            e.contains("m.txt") && e.contains("3 entries") && e.contains(&format!("{wrong} parameters")),
            "{e}"
        );
    }
    for (bad, line) in [("1\n2\n", 2), ("0.5\n1\n", 1), ("1\n-1\n", 2), ("1e-300\n1\n", 1)] {
        let file = File::new("m.txt", bad);
        refused(read::mask(&file.path, 2), "m.txt", (line, 1), "only 0 and 1");
    }
}

#[test]
fn forget_sets() {
    let indices = |text: &str, place, words: &str| {
        let file = File::new("f.txt", text);
        refused(read::indices(&file.path, 10), "f.txt", place, words);
    };
    indices("3\n# again\n5\n3\n", (4, 1), "row 3 was already named on line 1");
    indices("9\n10\n", (2, 1), "row 10, but the data has 10 rows (0 to 9)");
    indices("-1\n", (1, 1), "not a row index");
    indices("+1\n", (1, 1), "not a row index");
    indices("1.0\n", (1, 1), "not a row index");
    indices("1 2\n", (1, 2), "one per line");
    indices("99999999999999999999999\n", (1, 1), "the data has 10 rows");
    let empty = File::new("f.txt", "\n# none\n");
    assert!(read::indices(&empty.path, 10).unwrap_err().to_string().contains("f.txt"));
    let good = File::new("f.txt", "7 # first\r\n\r\n0\r\n");
    assert_eq!(read::indices(&good.path, 10).unwrap().rows(), [0, 7]);
    assert!(read::indices(&good.path, 0).is_err());
}

#[test]
fn not_files_of_a_known_kind() {
    let file = File::new("data.xlsx", "");
    let e = read::dataset(&file.path, &Options::default()).unwrap_err();
    assert!(e.to_string().contains("data.xlsx") && e.to_string().contains(".svmlight"), "{e}");
    let npy = file.beside("x.npy", "");
    assert!(read::dataset(&npy, &Options::default()).unwrap_err().to_string().contains(".npz"));
    for extension in ["csv", "svm", "libsvm", "svmlight", "npz", "npy", "txt"] {
        let missing = file.dir.path().join(format!("missing.{extension}"));
        let directory = file.dir.path().join(format!("directory.{extension}"));
        std::fs::create_dir(&directory).unwrap();
        for path in [missing, directory] {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let errors = [
                read::dataset(&path, &Options::default()).unwrap_err(),
                read::vector(&path).unwrap_err(),
                read::mask(&path, 1).unwrap_err(),
                read::indices(&path, 1).unwrap_err(),
            ];
            for e in errors {
                assert!(matches!(e, Error::File { .. }), "{e:?}");
                assert!(e.to_string().contains(&name), "{e}");
            }
        }
    }
}
