//! `server_request` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    std::hint::black_box(annals_fuzz::server_request::run(bytes));
});
