//! What Rust's std asks of WASI Preview 1: arguments, environment, files, panics.
use std::{env, fs, io::Read, process};

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let first = arguments.get(2).cloned().unwrap_or_default();
    match arguments.get(1).map(String::as_str).unwrap_or("hello") {
        "hello" => println!("hello from Rust"),
        "args" => println!("{}", arguments[2..].join("|")),
        "env" => println!("{}", env::var(&first).unwrap_or_else(|_| "not set".into())),
        "read" => print!("{}", fs::read_to_string(&first).unwrap_or_else(|error| format!("cannot: {}\n", error.kind()))),
        "upper" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).expect("stdin is text");
            print!("{}", text.to_uppercase());
        }
        "panic" => panic!("rust says no"),
        "exit" => process::exit(first.parse().expect("a number")),
        verb => {
            eprintln!("rustbox: unknown verb {verb}");
            process::exit(2);
        }
    }
}
