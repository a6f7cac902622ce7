import ArchiveFileIO
import StrongroomCommands

MemoryPolicy.keepSmall()
CommandLineTool.main()
