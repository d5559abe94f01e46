//! What Rust programs ask of WASI through std: files, environment, time, streams. rustsuite [NAME…], rustsuite --list: prints `ok NAME`
//! or `FAIL NAME: …`, and exits with 1 after a failure. The host gives the same directories and environment as to p1suite.
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime};
use std::{env, thread};

type Outcome = Result<(), Box<dyn std::error::Error>>;

macro_rules! that {
    ($condition:expr) => {
        if !$condition {
            return Err(format!("line {}: expected that {}", line!(), stringify!($condition)).into());
        }
    };
}

macro_rules! fails {
    ($call:expr, $($kind:ident)|+) => {
        match $call {
            Ok(_) => return Err(format!("line {}: {}: succeeded", line!(), stringify!($call)).into()),
            Err(error) if false $(|| error.kind() == ErrorKind::$kind)+ => {}
            Err(error) => return Err(format!("line {}: {}: {:?}: {}", line!(), stringify!($call), error.kind(), error).into()),
        }
    };
}

// ErrorKind has no stable name for these in every version: by WASI's errno (31 isdir, 32 loop, 44 noent, 54 notdir, 55 notempty,
// 63 perm, 69 rofs, 75 xdev, 76 notcapable).
macro_rules! fails_with {
    ($call:expr, $($errno:literal)|+) => {
        match $call {
            Ok(_) => return Err(format!("line {}: {}: succeeded", line!(), stringify!($call)).into()),
            Err(error) if matches!(error.raw_os_error(), $(Some($errno))|+) => {}
            Err(error) => return Err(format!("line {}: {}: errno {:?}: {}", line!(), stringify!($call), error.raw_os_error(), error).into()),
        }
    };
}


fn whole_files() -> Outcome {
    fs::write("/rust.txt", "first\nsecond\n")?;
    that!(fs::read_to_string("/rust.txt")? == "first\nsecond\n");
    that!(BufReader::new(File::open("/rust.txt")?).lines().count() == 2);
    fs::copy("/rust.txt", "/copy.txt")?;
    that!(fs::metadata("/copy.txt")?.len() == 13);
    fs::rename("/copy.txt", "/folder/copy.txt")?;
    fs::remove_file("/folder/copy.txt")?;
    fails!(fs::read("/folder/copy.txt"), NotFound);
    Ok(())
}

fn open_options() -> Outcome {
    fails!(OpenOptions::new().write(true).open("/options.txt"), NotFound);
    OpenOptions::new().write(true).create_new(true).open("/options.txt")?.write_all(b"0123456789")?;
    fails!(OpenOptions::new().write(true).create_new(true).open("/options.txt"), AlreadyExists);
    OpenOptions::new().append(true).open("/options.txt")?.write_all(b"ab")?;
    let mut file = OpenOptions::new().read(true).write(true).open("/options.txt")?;
    that!(file.seek(SeekFrom::End(-3))? == 9);
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    that!(text == "9ab");
    file.set_len(4)?;
    that!(file.metadata()?.len() == 4);
    file.sync_all()?;
    file.sync_data()?;
    OpenOptions::new().write(true).truncate(true).open("/options.txt")?;
    that!(fs::metadata("/options.txt")?.len() == 0);
    let mut reader = File::open("/options.txt")?;
    that!(reader.write(b"x").is_err());
    fails!(file.seek(SeekFrom::Current(-100)), InvalidInput);
    Ok(())
}

fn directories() -> Outcome {
    fs::create_dir_all("/a/b/c")?;
    for i in 0..100 {
        fs::write(format!("/a/file{i}"), format!("{i}"))?;
    }
    let names: BTreeSet<String> = fs::read_dir("/a")?.map(|entry| Ok(entry?.file_name().into_string().unwrap())).collect::<io::Result<_>>()?;
    that!(names.len() == 101 && names.contains("b") && names.contains("file99"));
    let entry = fs::read_dir("/a/b")?.next().unwrap()?;
    that!(entry.file_type()?.is_dir() && entry.path().ends_with("a/b/c"));
    fails_with!(fs::remove_dir("/a"), 55);
    fails!(fs::create_dir("/a"), AlreadyExists);
    fs::remove_dir_all("/a/b")?;
    fails!(fs::read_dir("/a/b"), NotFound);
    Ok(())
}

// std reads the directory on while it removes what it has read: the cookies must still mean the same place.
fn removal_while_reading() -> Outcome {
    fs::create_dir("/removed")?;
    for i in 0..100 {
        fs::write(format!("/removed/file{i}"), "")?;
    }
    fs::remove_dir_all("/removed")?;
    fails!(fs::read_dir("/removed"), NotFound);
    Ok(())
}

fn errors() -> Outcome {
    fails!(File::open("/nowhere"), NotFound);
    fails_with!(OpenOptions::new().write(true).open("/folder"), 31);
    fails_with!(File::open("/hello.txt/x"), 54);
    fails_with!(File::open("/loop"), 32);
    fails!(fs::create_dir("/hello.txt"), AlreadyExists);
    fails_with!(fs::rename("/hello.txt", "/other/hello.txt"), 75);
    // rofs, perm, notcapable, acces.
    fails_with!(fs::write("/ro/new", "x"), 69 | 63 | 76 | 2);
    fails_with!(fs::remove_file("/ro/hello.txt"), 69 | 63 | 76 | 2);
    fails_with!(fs::read("/above/outside.txt"), 76 | 63);
    fails_with!(fs::read("/absolute"), 76 | 63);
    fails_with!(fs::read("../outside.txt"), 76 | 63 | 44);
    that!(fs::read_to_string("/ro/hello.txt")? == "hello\n");
    Ok(())
}

fn links() -> Outcome {
    that!(fs::read_link("/link")?.to_str() == Some("hello.txt"));
    that!(fs::symlink_metadata("/link")?.file_type().is_symlink());
    that!(fs::metadata("/link")?.is_file());
    fs::hard_link("/hello.txt", "/hard.txt")?;
    that!(fs::read_to_string("/hard.txt")? == "hello\n");
    fails!(fs::hard_link("/hello.txt", "/hard.txt"), AlreadyExists);
    fails!(fs::read_link("/hello.txt"), InvalidInput);
    Ok(())
}

fn times_of_files() -> Outcome {
    fs::write("/times.txt", "x")?;
    let age = SystemTime::now().duration_since(fs::metadata("/times.txt")?.modified()?);
    that!(age.map(|age| age < Duration::from_secs(60)).unwrap_or(true));
    Ok(())
}

fn clocks() -> Outcome {
    let before = Instant::now();
    thread::sleep(Duration::from_millis(30));
    that!(before.elapsed() >= Duration::from_millis(30) && before.elapsed() < Duration::from_secs(5));
    that!(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)? > Duration::from_secs(1_700_000_000));
    Ok(())
}

fn environment() -> Outcome {
    let all: HashMap<String, String> = env::vars().collect();
    that!(all.get("SUITE").map(String::as_str) == Some("a=b"));
    that!(all.get("EMPTY").map(String::as_str) == Some(""));
    that!(env::var("UNICODE")? == "zürich");
    that!(env::var("PATH").is_err());
    that!(env::args().count() >= 1);
    Ok(())
}

fn streams() -> Outcome {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    that!(text == "input");
    io::stderr().write_all("to stderr\n".as_bytes())?;
    let line = "x".repeat(999) + "\n";
    let mut out = io::stdout().lock();
    for _ in 0..1000 {
        out.write_all(line.as_bytes())?;
    }
    out.flush()?;
    Ok(())
}

// The hash map's keys come from the host.
fn random() -> Outcome {
    let orders: BTreeSet<String> = (0..20)
        .map(|_| (0..20).map(|i| (i.to_string(), ())).collect::<HashMap<String, ()>>().into_keys().collect::<Vec<_>>().join(" "))
        .collect();
    that!(orders.len() > 1);
    Ok(())
}

fn big_file() -> Outcome {
    let block: Vec<u8> = (0..1 << 20).map(|i: u32| (i * 7 >> 3) as u8).collect();
    let mut file = File::create("/big.bin")?;
    for _ in 0..32 {
        file.write_all(&block)?;
    }
    drop(file);
    let whole = fs::read("/big.bin")?;
    that!(whole.len() == 32 << 20);
    that!(whole.chunks(1 << 20).all(|chunk| chunk == block));
    Ok(())
}

fn no_threads() -> Outcome {
    that!(thread::Builder::new().spawn(|| ()).is_err());
    Ok(())
}

fn panic() -> Outcome {
    panic!("rust says no")
}

fn exit() -> Outcome {
    std::process::exit(7)
}

/// Name, test, and how it ends where that is not with 0 (see the suite's reader).
const TESTS: &[(&str, fn() -> Outcome, &str)] = &[
    ("whole-files", whole_files, ""),
    ("open-options", open_options, ""),
    ("directories", directories, ""),
    ("removal-while-reading", removal_while_reading, ""),
    ("errors-of-rust", errors, ""),
    ("links", links, ""),
    ("times-of-files", times_of_files, ""),
    ("clocks", clocks, ""),
    ("environment", environment, ""),
    ("streams", streams, ""),
    ("random", random, ""),
    ("big-file", big_file, ""),
    ("no-threads", no_threads, ""),
    ("panic", panic, "unreachable"),
    ("exit", exit, "=7"),
];

fn main() {
    let wanted: Vec<String> = env::args().skip(1).collect();
    let mut failed = false;
    for (name, test, end) in TESTS {
        if wanted.first().map(String::as_str) == Some("--list") {
            println!("{name}\t{end}");
        } else if wanted.iter().any(|wanted| wanted == name) || (wanted.is_empty() && end.is_empty()) {
            match test() {
                Ok(()) => println!("ok {name}"),
                Err(error) => {
                    println!("FAIL {name}: {error}");
                    failed = true;
                }
            }
        }
    }
    std::process::exit(failed.into());
}
