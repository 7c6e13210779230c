extension String {
    /// Hands its UTF-8 over without a copy of the string, which `withUTF8` needs as it may change it: nearly every string has its bytes in
    /// one piece.
    @inlinable
    public func withBytes<Result, Failure: Error>(_ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result) throws(Failure) -> Result {
        let found = utf8.withContiguousStorageIfAvailable { bytes in Swift.Result { () throws(Failure) in try body(bytes) } }
        if let found { return try found.get() }
        var copy = self
        return try copy.withUTF8 { bytes in Swift.Result { () throws(Failure) in try body(bytes) } }.get()
    }
}
