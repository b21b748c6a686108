//! The generated code depends on no name of the user's.
#![deny(warnings)]

#[allow(dead_code)]
type Result = ();
#[allow(dead_code)]
type Option = ();
#[allow(dead_code)]
enum Event {}
#[allow(non_camel_case_types, dead_code)]
type u32 = ();

#[derive(annals::Event, serde::Serialize, serde::Deserialize)]
pub enum Signal {
    #[deprecated]
    Raised {
        #[tag]
        schema: String,
        #[tag]
        __tags: std::primitive::u8,
        raw: Vec<bool>,
    },
}

impl Signal {
    pub const TYPES: u8 = 0;

    pub fn schema(&self) {}
}

fn main() {
    assert_eq!(<Signal as annals::Event>::TYPES[0].name, "raised");
}
