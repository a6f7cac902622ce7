import StrongroomCommands

CommandLineTool.main()
