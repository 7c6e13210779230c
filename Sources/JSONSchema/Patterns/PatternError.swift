/// Why a pattern cannot be read.
struct PatternError: Error {
    let message: String
}
