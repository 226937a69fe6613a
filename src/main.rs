//! The `reseed` program: parse, run, exit. All else is in the library.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
