//! The plot of downtime against size: an SVG by itself, in the style of the report page, readable on
//! light and dark ground.

use std::fmt::Write as _;

/// One line of the plot.
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: &'static str,
    /// Size in MB, seconds.
    pub points: Vec<(f64, f64)>,
    /// Whether it is only a mark to compare with.
    pub dashed: bool,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 48.0;

/// The picture.
pub fn svg(lines: &[Line]) -> String {
    let all = || lines.iter().flat_map(|line| &line.points);
    let most_x = all().map(|point| point.0).fold(1.0, f64::max);
    let longest = all().map(|point| point.1).fold(1.0, f64::max);
    let step = nice(longest / 5.0);
    let most_y = step * (longest / step).ceil();
    let x = |size: f64| LEFT + (WIDTH - LEFT - RIGHT) * size / most_x;
    let y = |seconds: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * seconds / most_y;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Downtime against the size of the data\">\n<style>\
         text{{font:12px system-ui,sans-serif;fill:#57606a}}.grid{{stroke:#8c959f;stroke-opacity:.3}}\
         @media(prefers-color-scheme:dark){{text{{fill:#9198a1}}}}</style>\n"
    );
    let mut seconds = 0.0;
    while seconds <= most_y {
        let at = y(seconds);
        let _ = writeln!(
            text,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{seconds:.0} s</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0
        );
        seconds += step;
    }
    let mut sizes: Vec<f64> = all().map(|point| point.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let mut last = 0.0;
    for size in sizes {
        // none upon another
        if x(size) - last < 50.0 {
            continue;
        }
        last = x(size);
        let name = if size >= 1000.0 { format!("{} GB", size / 1000.0) } else { format!("{size} MB") };
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
            x(size),
            HEIGHT - BOTTOM + 20.0
        );
    }
    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"16\">downtime: from the last write before to the first write after</text>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">data in the backup (every node holds all of it)</text>",
        LEFT + (WIDTH - LEFT - RIGHT) / 2.0,
        HEIGHT - 8.0
    );
    let mut labels: Vec<(f64, &Line)> = vec![];
    for line in lines.iter().filter(|line| !line.points.is_empty()) {
        let path: Vec<String> =
            line.points.iter().map(|(size, took)| format!("{:.1},{:.1}", x(*size), y(*took))).collect();
        let dash = if line.dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        let _ = writeln!(
            text,
            "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{dash} points=\"{}\"/>",
            line.colour,
            path.join(" ")
        );
        for (size, took) in &line.points {
            let _ = writeln!(
                text,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{}\"><title>{}: {took:.1} s</title></circle>",
                x(*size),
                y(*took),
                line.colour,
                line.name
            );
        }
        labels.push((line.points.last().map_or(0.0, |(_, took)| y(*took)), line));
    }
    // names beside their ends, none upon another
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = TOP;
    for (at, line) in labels {
        let at = at.max(free);
        free = at + 15.0;
        let _ = writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" style=\"fill:{}\">{}</text>",
            WIDTH - RIGHT + 8.0,
            at + 4.0,
            line.colour,
            line.name
        );
    }
    text + "</svg>\n"
}

/// A round number, not below this one.
fn nice(value: f64) -> f64 {
    let unit = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * unit).find(|round| *round >= value).unwrap_or(value)
}
