import PromptCaching
import TestSupport
import Testing

@Suite struct AttachmentTypeTests {
    @Test(arguments: [
        (SampleFiles.png(3, 70_000), AttachmentType.png, 3, 70_000), (SampleFiles.gif(17, 300), .gif, 17, 300), (SampleFiles.jpeg(4000, 3), .jpeg, 4000, 3),
        (SampleFiles.webp("VP8 ", 500, 16_383), .webp, 500, 16_383), (SampleFiles.webp("VP8L", 1, 16_384), .webp, 1, 16_384),
        (SampleFiles.webp("VP8X", 16_777_216, 2), .webp, 16_777_216, 2),
    ])
    func sizesAreReadFromTheHead(bytes: [UInt8], type: AttachmentType, width: Int, height: Int) {
        #expect(AttachmentType(of: bytes) == type)
        #expect(ImageSize(of: bytes, type) == ImageSize(width: width, height: height))
        // What is cut off is no size, and no crash.
        for count in 0..<bytes.count { _ = ImageSize(of: Array(bytes[..<count]), type) }
    }

    @Test func theRestIsTextOrNothing() {
        #expect(AttachmentType(of: SampleFiles.pdf) == .pdf)
        #expect(AttachmentType(of: Array("héllo".utf8)) == .text)
        #expect(AttachmentType(of: []) == nil)
        #expect(AttachmentType(of: [0xC3]) == nil)
        #expect(AttachmentType(of: Array("a\0b".utf8)) == nil)
        #expect(ImageSize(of: SampleFiles.png(0, 5), .png) == nil)
    }
}
