//! How the two services are told what to do.

use std::{
    env,
    error::Error,
    io::{self, BufRead},
};

/// The store, named by the first argument.
pub(crate) fn store_url() -> Result<String, Box<dyn Error>> {
    env::args().nth(1).ok_or_else(|| "name the store, such as postgres://localhost/shop".into())
}

/// Says that the service is there, and does what each line of the input asks for, to its end.
/// What cannot be done is said, and the next line is read.
pub(crate) fn each_line(
    mut work: impl FnMut(&[&str]) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    println!("ready");
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Err(error) = work(&words) {
            println!("`{line}`: {error}");
        }
    }
    Ok(())
}
