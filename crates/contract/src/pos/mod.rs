//! What a till's screen and its station say to each other.

mod basket;
mod choice;
mod command;
mod document;
mod prompt;
mod refund;
mod reply;
mod view;

pub use basket::*;
pub use choice::*;
pub use command::*;
pub use document::*;
pub use prompt::*;
pub use refund::*;
pub use reply::*;
pub use view::*;
