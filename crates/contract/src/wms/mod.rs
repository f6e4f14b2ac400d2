//! What a warehouse desk's screen and its station say to each other.

mod command;
mod prompt;
mod reply;
mod view;

pub use command::*;
pub use prompt::*;
pub use reply::*;
pub use view::*;
