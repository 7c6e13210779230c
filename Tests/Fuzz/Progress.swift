import Glibc

/// What a worker has told of itself, in memory that outlives it.
struct Progress {
    enum Slot: Int { case current, isRunning, findings }

    private static let slots = 3 + 2 * FuzzTargets.all.count
    private let memory: UnsafeMutablePointer<Int>

    init(path: String) {
        let size = Self.slots * MemoryLayout<Int>.stride
        let file = open(path, O_RDWR | O_CREAT, 0o600)
        guard file >= 0, ftruncate(file, size) == 0, let pointer = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), pointer != MAP_FAILED else {
            stop("cannot map \(path): \(String(cString: strerror(errno)))")
        }
        close(file)
        memory = pointer.bindMemory(to: Int.self, capacity: Self.slots)
    }

    subscript(slot: Slot) -> Int {
        get { memory[slot.rawValue] }
        nonmutating set { memory[slot.rawValue] = newValue }
    }

    func count(_ target: Int, isAccepted: Bool) {
        memory[3 + 2 * target] += 1
        if isAccepted { memory[4 + 2 * target] += 1 }
    }

    func counts(of target: Int) -> (inputs: Int, accepted: Int) { (memory[3 + 2 * target], memory[4 + 2 * target]) }
}
