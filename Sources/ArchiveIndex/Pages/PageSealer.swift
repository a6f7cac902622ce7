internal import ArchiveBytes
internal import ArchiveFileIO
internal import ArchiveSealing

/// Seals and opens whole pages: header in clear, body, tag.
///
/// A page's nonce is drawn from the kernel when the page is sealed and never earlier: a virtual
/// machine that is cloned or resumed in the middle of a checkpoint then cannot use one twice.
/// Its contexts are for one thread, so it cannot be copied; ``PageFile`` lends its own to one reader
/// at a time.
struct PageSealer: ~Copyable {
    private static let magic: UInt32 = 0x5047_5253  // "SRGP" read as text: a Strongroom page
    private static let associatedByteCount = 16 + 8 + 8 + 8 + 1

    private let geometry: PageGeometry
    private let key: SecretKey
    private let cipher = XAES256GCM()
    /// Archive id and generation; page number, transaction and level are filled in for each page.
    private var associated: [UInt8]
    private var nonce = [UInt8](repeating: 0, count: XAES256GCM.nonceByteCount)
    /// Room for one page as it was read from the file.
    var scratch: [UInt8]
    /// Room for a body that was just sealed; the writer's alone, so it is made when first needed.
    private var sealed: [UInt8] = []

    init(geometry: PageGeometry, key: SecretKey, archive: [UInt8], generation: UInt64) {
        self.geometry = geometry
        self.key = key
        var associated = archive
        associated.append(u64: generation)
        associated.append(contentsOf: repeatElement(0, count: 17))
        precondition(associated.count == Self.associatedByteCount, "an archive id has 16 bytes")
        self.associated = associated
        scratch = [UInt8](repeating: 0, count: geometry.pageByteCount)
    }

    /// Seals `body` and appends the page to `file`; what its parent must remember.
    mutating func seal(
        _ body: [UInt8],
        number: UInt64,
        transaction: UInt64,
        level: UInt8,
        appendingTo file: inout [UInt8]
    ) throws(SealingError) -> PageReference {
        associate(number, transaction, level)
        try drawNonce()
        // Taken out while it is written to, because its neighbours are read meanwhile.
        var sealed: [UInt8] = []
        swap(&sealed, &self.sealed)
        defer { swap(&sealed, &self.sealed) }
        if sealed.isEmpty {
            sealed = Array(repeating: 0, count: body.count + PageGeometry.tagByteCount)
        }
        var target = sealed.mutableSpan
        try cipher.seal(
            body.span,
            into: &target,
            key: key,
            nonce: nonce.span,
            associated: associated.span
        )
        file.append(u32: Self.magic)
        file.append(u32: UInt32(level))
        file.append(u64: transaction)
        file.append(contentsOf: nonce)
        file.append(contentsOf: sealed)
        return PageReference(
            number: number,
            transaction: transaction,
            tag: tag(sealed.span, end: sealed.count)
        )
    }

    /// Opens the page in ``scratch``, which must be the version that `reference` names.
    mutating func open(_ reference: PageReference, level: UInt8) throws(PageFault) -> [UInt8] {
        let header = try header()
        guard header.transaction == reference.transaction, header.level == level,
            tag(scratch.span, end: scratch.count) == reference.tag
        else { throw .finding(.stale) }
        return try open(number: reference.number, header)
    }

    /// Opens the page in ``scratch`` as whatever version of page `number` it claims to be.
    mutating func openAlone(number: UInt64) throws(PageFault) -> (level: UInt8, body: [UInt8]) {
        let header = try header()
        return (header.level, try open(number: number, header))
    }

    private mutating func open(
        number: UInt64,
        _ header: (transaction: UInt64, level: UInt8)
    ) throws(PageFault) -> [UInt8] {
        associate(number, header.transaction, header.level)
        var body = [UInt8](repeating: 0, count: geometry.bodyByteCount)
        var plain = body.mutableSpan
        let page = scratch.span
        do throws(SealingError) {
            try cipher.open(
                page.extracting(PageGeometry.headerByteCount...),
                into: &plain,
                key: key,
                nonce: page.extracting(16..<PageGeometry.headerByteCount),
                associated: associated.span
            )
        } catch .authenticationFailed {
            throw .finding(.unauthentic)
        } catch {
            throw .sealing(error)
        }
        return body
    }

    private func header() throws(PageFault) -> (transaction: UInt64, level: UInt8) {
        let page = scratch.span
        let level = page.u32(at: 4)
        guard page.u32(at: 0) == Self.magic, PageLevel.isKnown(level) else {
            throw .finding(.noPage)
        }
        return (page.u64(at: 8), UInt8(level))
    }

    private mutating func drawNonce() throws(SealingError) {
        var random = nonce.mutableSpan
        try Randomness.fill(&random)
    }

    private func tag(_ page: Span<UInt8>, end: Int) -> PageTag {
        PageTag(low: page.u64(at: end - 16), high: page.u64(at: end - 8))
    }

    private mutating func associate(_ number: UInt64, _ transaction: UInt64, _ level: UInt8) {
        let start = Self.associatedByteCount - 17
        associated.set(u64: number, at: start)
        associated.set(u64: transaction, at: start + 8)
        associated[start + 16] = level
    }
}

/// Why a page could not be opened, before the path is known.
enum PageFault: Error {
    case finding(PageFinding)
    case sealing(SealingError)
    case system(SystemError)
}
