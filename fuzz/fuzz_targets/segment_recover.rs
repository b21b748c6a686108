//! `segment_recover` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    std::hint::black_box(annals_fuzz::segment_recover::run(bytes));
});
