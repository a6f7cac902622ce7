/// SHAKE128 (FIPS 202), the source of random cases and their accumulator in published vectors.
struct SHAKE128 {
    private static let rate = 168
    private static let rounds: [UInt64] = [
        0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
        0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
        0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
        0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
        0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
        0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
    ]
    private static let rotations: [UInt64] = [
        1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
    ]
    private static let lanes = [
        10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
    ]

    private var state = [UInt64](repeating: 0, count: 25)
    private var position = 0
    private var isSqueezing = false

    mutating func absorb(_ bytes: [UInt8]) {
        for byte in bytes {
            state[position >> 3] ^= UInt64(byte) << UInt64((position & 7) * 8)
            position += 1
            if position == Self.rate { permute() }
        }
    }

    mutating func squeeze(_ count: Int) -> [UInt8] {
        if !isSqueezing {
            state[position >> 3] ^= 0x1f << UInt64((position & 7) * 8)
            state[20] ^= 0x80 << 56
            permute()
            isSqueezing = true
        }
        var bytes: [UInt8] = []
        for _ in 0..<count {
            if position == Self.rate { permute() }
            bytes.append(
                UInt8(truncatingIfNeeded: state[position >> 3] >> UInt64((position & 7) * 8))
            )
            position += 1
        }
        return bytes
    }

    private mutating func permute() {
        position = 0
        var columns = [UInt64](repeating: 0, count: 5)
        for round in Self.rounds {
            for x in 0..<5 {
                columns[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]
            }
            for x in 0..<5 {
                let next = columns[x == 4 ? 0 : x + 1]
                let mix = columns[x == 0 ? 4 : x - 1] ^ (next &<< 1 | next &>> 63)
                state[x] ^= mix
                state[x + 5] ^= mix
                state[x + 10] ^= mix
                state[x + 15] ^= mix
                state[x + 20] ^= mix
            }
            var moved = state[1]
            for step in 0..<24 {
                let lane = Self.lanes[step]
                let rotation = Self.rotations[step]
                (moved, state[lane]) = (state[lane], moved &<< rotation | moved &>> (64 - rotation))
            }
            for row in stride(from: 0, to: 25, by: 5) {
                let (a, b, c) = (state[row], state[row + 1], state[row + 2])
                let (d, e) = (state[row + 3], state[row + 4])
                state[row] = a ^ (~b & c)
                state[row + 1] = b ^ (~c & d)
                state[row + 2] = c ^ (~d & e)
                state[row + 3] = d ^ (~e & a)
                state[row + 4] = e ^ (~a & b)
            }
            state[0] ^= round
        }
    }
}
