//! All mistakes are reported at once.

use annals::Event;

#[derive(Event)]
#[event(format = "xml", version = 0)]
enum OrderEvent {
    Placed(u64, u64),
    #[event(color = "red")]
    Shipped,
}

fn main() {}
