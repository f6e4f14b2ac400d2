//! A scale on a pseudo-terminal: settled and moving weights, tare, noise, overload, a pulled cable.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::PATIENCE;
use suanpan_devices::simulators::ScaleSim;
use suanpan_devices::{Scale, ScaleSettings, ScaleView, SerialFormat};

fn start(port: &Path) -> (Scale, Receiver<ScaleView>) {
    let settings =
        ScaleSettings { port: port.display().to_string(), baud: 9_600, format: SerialFormat::EightNone };
    let (tell, told) = channel();
    (Scale::start(settings, move |view| drop(tell.send(view.clone()))).unwrap(), told)
}

/// Waits for a view of this kind.
fn until(told: &Receiver<ScaleView>, wanted: impl Fn(&ScaleView) -> bool) -> ScaleView {
    loop {
        let view = told.recv_timeout(PATIENCE).expect("the scale falls silent");
        if wanted(&view) {
            return view;
        }
    }
}

fn shows(grams: i32, stable: bool) -> impl Fn(&ScaleView) -> bool {
    move |view| view.reading.as_ref().is_some_and(|now| (now.grams, now.stable) == (grams, stable))
}

#[test]
fn a_weight_moves_settles_and_keeps_its_raw_frame() {
    let sim = ScaleSim::start().unwrap();
    let (scale, told) = start(sim.path());
    sim.show(120, false);
    until(&told, shows(120, false));
    sim.show(328, true);
    let view = until(&told, shows(328, true));
    assert!(view.connected);
    let reading = view.reading.unwrap();
    assert_eq!((reading.raw.as_str(), reading.net), ("ST,GS,  0.328 kg", false));
    sim.show_net(-20, true);
    assert!(until(&told, shows(-20, true)).reading.unwrap().net);
    assert_eq!(scale.view().garbage, 0);
}

#[test]
fn a_reading_grows_stale_by_the_callers_clock() {
    let sim = ScaleSim::start().unwrap();
    let (scale, told) = start(sim.path());
    sim.show(328, true);
    let reading = until(&told, shows(328, true)).reading.unwrap();
    let age_max = Duration::from_secs(1);
    assert!(reading.is_fresh(reading.at, age_max));
    assert!(reading.is_fresh(reading.at + age_max, age_max));
    assert!(!reading.is_fresh(reading.at + age_max + Duration::from_millis(1), age_max));
    drop(scale);
}

#[test]
fn noise_is_counted_and_an_overload_takes_the_weight_away() {
    let sim = ScaleSim::start().unwrap();
    let (_scale, told) = start(sim.path());
    sim.show(328, true);
    until(&told, shows(328, true));
    sim.send(b"\xff\x00noise\r\nST,GS,9.999\r\n");
    sim.send(&[b'x'; 500]);
    sim.send(b"\r\n");
    let view = until(&told, |view| view.garbage == 3);
    assert!(shows(328, true)(&view), "noise leaves the weight alone");
    sim.quiet();
    sim.send(b"OL,GS,------- kg\r\n");
    assert_eq!(until(&told, |view| view.overloaded).reading, None);
    sim.show(500, true);
    assert!(!until(&told, shows(500, true)).overloaded);
}

#[test]
fn a_pulled_cable_takes_the_weight_away_and_a_new_one_brings_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("scale");
    let link = |sim: &ScaleSim| std::os::unix::fs::symlink(sim.path(), &port).unwrap();
    let (_scale, told) = start(&port);
    let sim = ScaleSim::start().unwrap();
    link(&sim);
    sim.show(328, true);
    until(&told, shows(328, true));
    drop(sim);
    let view = until(&told, |view| !view.connected);
    assert_eq!(view.reading, None);
    std::fs::remove_file(&port).unwrap();
    let sim = ScaleSim::start().unwrap();
    link(&sim);
    sim.show(500, true);
    assert!(until(&told, shows(500, true)).connected);
}
