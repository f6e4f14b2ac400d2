//! Pictures that no command of the page brought about.

use tauri::ipc::{InvokeResponseBody, Response};
use tauri::{AppHandle, Manager};
use tokio::sync::watch;

/// The newest one, and how many there were. The page asks for what it has not heard and waits for the answer: a picture that
/// is put into a script for the page to run, as an event is, stays in WebKit's store of compiled scripts, megabytes of them
/// in a day.
#[derive(Default)]
pub(crate) struct News(watch::Sender<(u64, String)>);

impl News {
    /// Has the page hear a picture, JSON, in place of one that it has not heard yet. Never waits.
    pub(crate) fn tell(&self, picture: String) {
        self.0.send_modify(|(nth, newest)| {
            *nth = nth.wrapping_add(1);
            *newest = picture;
        });
    }

    /// The newest picture and which it is, as JSON, once it is another than the one heard last.
    async fn after(&self, heard: u64) -> String {
        let mut told = self.0.subscribe();
        // Whoever tells is here as long as whoever hears.
        let _ = told.wait_for(|(nth, _)| *nth != heard).await;
        let (nth, picture) = &*told.borrow();
        format!("[{nth},{picture}]")
    }
}

/// Gives the next picture as soon as there is one.
#[tauri::command]
pub(crate) async fn news(app: AppHandle, heard: u64) -> Response {
    Response::new(InvokeResponseBody::Json(app.state::<News>().after(heard).await))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_hears_late_hears_the_newest_and_each_once() {
        let news = News::default();
        news.tell("1".to_owned());
        news.tell("2".to_owned());
        assert_eq!(news.after(0).await, "[2,2]");
        let (next, ()) = tokio::join!(news.after(2), async { news.tell("3".to_owned()) });
        assert_eq!(next, "[3,3]");
    }
}
