//! The `reseed` program: everything is in the library.

fn main() -> std::process::ExitCode {
    reseed::cli::main()
}
