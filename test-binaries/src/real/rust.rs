//! Rust with its standard library: threads, channels, collections, formatting, panics caught, files, processes' data.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc, Condvar, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

fn primes(limit: usize) -> Vec<usize> {
    let mut composite = vec![false; limit];
    (2..limit)
        .filter(|&n| {
            if composite[n] {
                return false;
            }
            (n * n..limit).step_by(n).for_each(|m| composite[m] = true);
            true
        })
        .collect()
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Operator(char),
}

fn evaluate(text: &str) -> Result<f64, String> {
    let mut stack = Vec::new();
    for word in text.split_whitespace() {
        let token = match word.parse() {
            Ok(number) => Token::Number(number),
            Err(_) => Token::Operator(word.chars().next().ok_or("empty")?),
        };
        match token {
            Token::Number(number) => stack.push(number),
            Token::Operator(operator) => {
                let (b, a) = (stack.pop().ok_or("underflow")?, stack.pop().ok_or("underflow")?);
                stack.push(match operator {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    '/' => a / b,
                    other => return Err(format!("unknown operator {:?}", other)),
                });
            }
        }
    }
    stack.pop().ok_or_else(|| "nothing".to_string())
}

fn main() {
    let rounds: usize = std::env::args().nth(1).map_or(1000, |text| text.parse().expect("a number"));
    let found = primes(rounds * 10);
    println!("{} primes, the last is {:?}", found.len(), found.last());

    let counter = Arc::new(AtomicU64::new(0));
    let (sender, receiver) = mpsc::channel();
    let handles: Vec<_> = (0..4u64)
        .map(|id| {
            let (counter, sender) = (Arc::clone(&counter), sender.clone());
            thread::spawn(move || {
                for i in 0..rounds as u64 {
                    counter.fetch_add(i ^ id, Ordering::Relaxed);
                    if i % 100 == 0 {
                        sender.send(i * id).expect("the receiver is there");
                    }
                }
                id * 10
            })
        })
        .collect();
    drop(sender);
    let sent: u64 = receiver.iter().sum();
    let joined: u64 = handles.into_iter().map(|handle| handle.join().expect("no panic")).sum();
    println!("counter {} sent {} joined {}", counter.load(Ordering::SeqCst), sent, joined);

    let pair = Arc::new((Mutex::new(0u32), Condvar::new()));
    let other = Arc::clone(&pair);
    let waiter = thread::spawn(move || {
        let (lock, changed) = &*other;
        let mut value = lock.lock().unwrap();
        while *value < 5 {
            value = changed.wait(value).unwrap();
        }
        *value
    });
    for _ in 0..5 {
        *pair.0.lock().unwrap() += 1;
        pair.1.notify_one();
    }
    println!("waited for {}", waiter.join().unwrap());
    let shared = RwLock::new(vec![1, 2, 3]);
    thread::scope(|scope| {
        scope.spawn(|| shared.read().unwrap().len());
        scope.spawn(|| shared.write().unwrap().push(4));
    });
    println!("{:?}", shared.into_inner().unwrap());

    let mut words: HashMap<&str, usize> = HashMap::new();
    for word in "a rose is a rose is a rose".split(' ') {
        *words.entry(word).or_default() += 1;
    }
    println!("{:?}", words.iter().collect::<BTreeMap<_, _>>());
    println!("{:?} {:?} {:?}", evaluate("1 2 + 4 * 8 /"), evaluate("1 +"), evaluate("1 2 ?"));
    println!("{:>8.3}|{:<6}|{:^7}|{:#x}|{:#010b}|{:e}", 3.14159f64, "ab", "mid", 255, 5, 1234.5f32);
    println!("{} {} {:?} {:?}", f64::MAX, f32::MIN_POSITIVE, 0.1 + 0.2, (1u128 << 100) / 7);
    println!("{:?} {:?} {}", i32::MAX.checked_add(1), 200u8.saturating_add(100), (-7i64).rem_euclid(3));
    println!("{}", "Grüße, Jürgen ❤".chars().rev().collect::<String>());

    std::panic::set_hook(Box::new(|_| {}));
    let caught = std::panic::catch_unwind(|| {
        let empty: Vec<i32> = Vec::new();
        empty[std::env::args().count()]
    });
    println!("panic caught: {}", caught.is_err());
    println!("panic in a thread: {}", thread::spawn(|| panic!("on purpose")).join().is_err());

    let path = std::env::temp_dir().join("rust-test.txt");
    let mut file = fs::File::create(&path).expect("a file");
    for i in 0..100 {
        writeln!(file, "line {}", i * i).expect("written");
    }
    drop(file);
    let lines = BufReader::new(fs::File::open(&path).expect("opened")).lines();
    println!("{} bytes of last line", lines.last().unwrap().unwrap().len());
    println!("{} {}", fs::metadata(&path).unwrap().len(), fs::remove_file(&path).is_ok());
    println!("{:?}", fs::read(&path).map_err(|error| error.kind()));

    let start = Instant::now();
    thread::sleep(Duration::from_millis(5));
    println!("{}", start.elapsed() >= Duration::from_millis(5));
    std::process::exit(4);
}
