//! The scale as the use cases see it: a settled weight that has not been sold yet, or none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use suanpan_contract::ScaleView;
use suanpan_devices::{Reading, Scale, ScaleSettings};

/// The oldest reading to sell by: a streaming scale sends several a second.
const AGE_MAX: Duration = Duration::from_millis(1_000);

/// The most that an empty scale shows: a division of one for 15 kg.
const EMPTY_G_MAX: i32 = 5;

/// See the module.
#[derive(Default)]
pub(crate) struct Pan {
    scale: Option<Scale>,
    /// The last weight sold still lies there: it must leave before the scale counts again.
    sold: Arc<AtomicBool>,
}

impl Pan {
    /// Starts reading a port. `tell` is called from the scale's thread and must not wait.
    pub(crate) fn start(port: &str, tell: impl Fn() + Send + 'static) -> std::io::Result<Pan> {
        let sold = Arc::new(AtomicBool::new(false));
        let settings = ScaleSettings {
            port: port.to_owned(),
            baud: 9_600,
            format: suanpan_devices::SerialFormat::default(),
        };
        let seen = Arc::clone(&sold);
        let scale = Scale::start(settings, move |view| {
            // A hand that only touches the goods does not take them away, and a lost port says nothing of them.
            if view.reading.as_ref().is_some_and(|reading| reading.grams <= EMPTY_G_MAX) {
                seen.store(false, Ordering::Release);
            }
            tell();
        })?;
        Ok(Pan { scale: Some(scale), sold })
    }

    /// The weight to sell by now.
    pub(crate) fn settled(&self) -> Option<Reading> {
        let reading = self.scale.as_ref()?.view().reading?;
        let counts = reading.stable && reading.grams > 0 && reading.is_fresh(Instant::now(), AGE_MAX);
        (counts && !self.sold.load(Ordering::Acquire)).then_some(reading)
    }

    /// The weight became a line.
    pub(crate) fn use_up(&self) {
        self.sold.store(true, Ordering::Release);
    }

    pub(crate) fn view(&self) -> Option<ScaleView> {
        let reading = self.scale.as_ref()?.view().reading?;
        reading.is_fresh(Instant::now(), AGE_MAX).then_some(ScaleView {
            grams: i64::from(reading.grams),
            stable: reading.stable,
            sold: self.sold.load(Ordering::Acquire),
        })
    }
}
