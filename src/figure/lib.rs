//! Figures as values, and what draws them.
//!
//! A [`Figure`] says what is shown: lines, bars, a matrix or points. A [`Drawing`] says where every stroke and word of a picture
//! stands; it is written as SVG, where somebody else has fonts, and as PNG with a font of our own, where nobody has. Notebooks
//! that know plotly take a figure's JSON, and terminals its characters. Knows neither sound nor tensors nor scripts.

mod area;
mod axis;
mod braille;
mod chart;
mod color;
mod drawing;
mod figure;
mod font;
mod heat_map;
mod html;
mod interactive;
mod library;
mod matrix;
mod page;
mod panel;
mod pixels;
mod plotly;
mod points;
mod raster;
mod sparkline;
mod svg;
mod text;

pub use axis::Axis;
pub use braille::{curve_rows, outline_rows};
pub use drawing::{Anchor, Drawing, Words};
pub use figure::{Bar, Bars, Cloud, Content, Curve, Figure, Group, Lines, Matrix, Points};
pub use font::width_of;
pub use heat_map::{Grid, HeatMap};
pub use html::{LIVE, PLOTLY, data_url, drawing_image, escape, png_image, svg_image, table};
pub use library::library;
pub use page::page;
pub use panel::{BAR_WIDTH, Place, color_bar, frame_of, heat_panel, side_frame};
pub use pixels::{Pixels, palette_png};
pub use sparkline::{blocks, sparkline};
