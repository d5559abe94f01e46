use std::{collections::BTreeMap, env, fs, process};

/// Counts the words of the files that it is given.
fn main() {
    let mut counts = BTreeMap::new();
    for path in env::args().skip(1) {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| {
            eprintln!("{path}: {error}");
            process::exit(1);
        });
        for word in text.split_whitespace() {
            *counts.entry(word.to_string()).or_insert(0) += 1;
        }
    }
    for (word, count) in counts {
        println!("{word} {count}");
    }
}
